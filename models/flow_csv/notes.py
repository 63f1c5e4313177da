"""What was assumed about a file: short codes, as the ledger keeps them, and what they say."""

from enum import StrEnum


class Note(StrEnum):
    """Something that whoever uploaded a file should know."""

    NO_HEADER = "no-header"
    ONE_FIELD_MORE = "one-field-more"
    CLOCK_NOT_SET = "clock-1970"
    UNIT_SECONDS = "unit-s"
    UNIT_MICROSECONDS = "unit-us"
    ROUNDED = "rounded"

    @property
    def text(self) -> str:
        """The same in words."""
        return _TEXTS[self]


_TEXTS = {
    Note.NO_HEADER: "no header line: CICFlowMeter 4 order assumed",
    Note.ONE_FIELD_MORE: "rows have one field more than the header",
    Note.UNIT_SECONDS: "Python cicflowmeter: its rows prove that flow_duration is in seconds",
    Note.UNIT_MICROSECONDS: "Python cicflowmeter: its rows prove that flow_duration is in microseconds",
    Note.ROUNDED: "durations rounded to whole microseconds, half to even",
    Note.CLOCK_NOT_SET: "days in 1970: was the clock of the capturing machine set?",
}
