"""The commands of `flowtally`, a file each: its options, what it calls, what it shows."""
