"""Fuzzing of what comes from outside: flow files, object keys, messages."""
