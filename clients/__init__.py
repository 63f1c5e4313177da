"""The terminal program `flowtally`."""
