"""Deploying, adopting and destroying, step by step and where something fails."""
