"""What every room knows: traffic and its arithmetic, errors, and where a deployment keeps its things."""
