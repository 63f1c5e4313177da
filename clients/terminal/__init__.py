"""The terminal as all commands use it: console, options, account, and errors made readable."""

__all__ = ["account", "aws_errors", "console", "documents", "explanation", "options", "questions"]
