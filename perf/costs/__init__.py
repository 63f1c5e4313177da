"""What a month costs, by the prices of AWS."""
