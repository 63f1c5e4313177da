"""The first stage: from a message about an uploaded file to daily totals and the file's record."""

__all__ = [
    "counting",
    "delivery",
    "file_fates",
    "messages",
    "passes",
    "quarantined_rows",
    "stage",
    "unreadable",
]
