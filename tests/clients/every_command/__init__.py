"""Every command of the program, wherever it may run."""
