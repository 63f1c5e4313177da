"""Templates, and their deployment."""
