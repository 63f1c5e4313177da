"""The terminal as all commands use it: console, options, account, and errors made readable."""
