"""Files on their way from a branch to the bucket."""
