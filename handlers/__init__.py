"""The two stages, summarize and consolidate, and their Lambda entry points."""
