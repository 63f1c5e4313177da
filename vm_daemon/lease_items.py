"""The items of the table of leases, as DynamoDB writes them and as Python knows them."""

from dataclasses import dataclass, field

from models.storage.schema import RawItem


@dataclass(frozen=True)
class ShardState:
    """What the table says of a shard.

    Attributes:
        position: the last sequence number that is in the statistics, `FINISHED`, or none.
        intact_at: epoch seconds; then nothing unread had left the stream.
        token: of the reader that has it, alive or not; empty if nobody has.
    """

    position: str
    intact_at: int
    token: str

    @classmethod
    def of(cls, item: RawItem) -> "ShardState":
        """The state that an item holds."""
        return cls(text_in(item, "sequence_number"), int(item["intact_at"]["N"]), text_in(item, "held_by"))


@dataclass
class View:
    """The table as it was read last."""

    shards: dict[str, ShardState] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)  # tokens
    loss: str = ""  # names what is to be repaired; empty if nothing
    repairer: str = ""  # token of who does it
    checked: int = 0  # epoch seconds


def text(value: str) -> dict[str, str]:
    """An attribute value that is a text."""
    return {"S": value}


def number(value: int) -> dict[str, str]:
    """An attribute value that is a number."""
    return {"N": str(value)}


def text_in(item: RawItem, name: str) -> str:
    """The text of an attribute; empty if the item has none of that name."""
    value: str = item.get(name, {}).get("S", "")
    return value
