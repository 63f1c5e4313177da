"""What flowtally stores, how it changes exactly once, and the arithmetic on it."""
