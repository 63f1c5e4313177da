"""Lambda against the VM over a whole dataset."""
