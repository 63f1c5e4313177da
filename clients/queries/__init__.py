"""What was counted, what became of files, and what is stored."""
