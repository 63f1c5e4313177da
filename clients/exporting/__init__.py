"""What was counted, as tables for other programs."""
