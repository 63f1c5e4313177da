"""What the table of leases says, as it was read last."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from models.storage.numbers import integer
from models.storage.schema import RawItem


class Worker(NamedTuple):
    """A reader that beats, or beat until it died."""

    name: str
    beats: int  # how many times it has beaten so far


@dataclass(frozen=True)
class ShardState:
    """What the table says of a shard.

    Attributes:
        position: the last sequence number that is in the statistics, `FINISHED`, or none.
        intact_at: epoch seconds when the stream was last known to hold all that is unread of the shard.
        token: of the reader that has it, alive or not; empty if nobody has.
    """

    position: str
    intact_at: int
    token: str

    @classmethod
    def of(cls, item: RawItem) -> "ShardState":
        """The state that an item holds."""
        return cls(
            _text_in(item, "sequence_number"), integer(item["intact_at"]["N"]), _text_in(item, "held_by")
        )


@dataclass
class LeaseSnapshot:
    """All that the table says of a stream."""

    workers: dict[str, Worker] = field(default_factory=dict)  # by token
    shards: dict[str, ShardState] = field(default_factory=dict)
    loss: str = ""  # names what is to be repaired; empty if nothing
    repairer: str = ""  # token of who does it
    checked: int = 0  # epoch seconds

    @classmethod
    def of(cls, items: Iterable[RawItem]) -> "LeaseSnapshot":
        """What the items of a stream say."""
        snapshot = cls()
        for item in items:
            kind, _, name = item["item_name"]["S"].partition("#")
            token = _text_in(item, "held_by")
            if kind == "worker":
                snapshot.workers[token] = Worker(name, integer(item["beats"]["N"]))
            elif kind == "shard":
                snapshot.shards[name] = ShardState.of(item)
            elif kind == "repair":
                snapshot.loss, snapshot.repairer = _text_in(item, "loss_id"), token
            else:
                snapshot.checked = integer(item["checked_at"]["N"])
        return snapshot


def _text_in(item: RawItem, name: str) -> str:
    """The text of an attribute; empty if the item has none of that name."""
    value: str = item.get(name, {}).get("S", "")
    return value
