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


def text_of(code: str) -> str:
    """What a code in the ledger says; the code itself where a later version of flowtally wrote it."""
    return Note(code).text if code in set(Note) else code


_TEXTS = {
    Note.NO_HEADER: "no header line: make sure that the columns are those of CICFlowMeter 4, as was assumed",
    Note.ONE_FIELD_MORE: "rows have one field more than the header, as some tools write: nothing to do",
    Note.UNIT_SECONDS: "flow_duration was taken for seconds, as the rows prove: nothing to do",
    Note.UNIT_MICROSECONDS: "flow_duration was taken for microseconds, as the rows prove: nothing to do",
    Note.ROUNDED: "durations were rounded to whole microseconds, half to even: nothing to do",
    Note.CLOCK_NOT_SET: "there are days in 1970: set the clock of the machine that captures",
}
