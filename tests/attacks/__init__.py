"""What somebody tries who may upload and nothing else, through real packages and processes."""
