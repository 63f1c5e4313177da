"""People and their tools: uploads, retractions, removals by hand, verification, and old batches."""

import itertools
from collections.abc import Callable
from functools import partial
from random import Random

from handlers.consolidating.repair import repair_all
from models.traffic import PairWeek, Totals, split_pair
from tests.simulation.event_loop import Process
from tests.simulation.traffic import Content
from tests.simulation.world import World

_SPOILT = ("172.16.0.1>172.16.0.2", "2022-12-05")
_UNTIL_NO_REQUEST_IS_LATE = 1000  # seconds; see `faults.LATE_REPEAT`


class Tool:
    """A command that is run again until it succeeds.

    Args:
        world: where.
        name: what traces call it.
        command: what it does in a process.
        then: what follows when it has succeeded.
    """

    def __init__(
        self, world: World, name: str, command: Callable[[Process], None], then: Callable[[], None]
    ) -> None:
        self._world = world
        self._name = name
        self._command = command
        self._then = then
        self._start()

    def _start(self) -> None:
        process = self._world.process(self._name, self._start_again)

        def run() -> None:
            try:
                self._command(process)
            except Exception as error:
                self._world.trace(self._name, f"failed with {error!r}")
                self._start_again()
            else:
                self._then()

        self._world.scheduler.spawn(process, run)

    def _start_again(self) -> None:
        self._world.scheduler.at(self._world.scheduler.now + 30, self._start)


def retract(world: World, content: Content, then: Callable[[], None], at_most: int | None = None) -> None:
    """Takes a file out of the daily totals; out of so many weeks if somebody gives up in the middle."""
    digest = content.digest
    if digest in world.ledger.retracting:
        return
    world.ledger.retracting.add(digest)
    in_work_before, uploads_before = world.is_in_work(digest), world.ledger.claims[digest].uploads

    def command(process: Process) -> None:
        daily_totals, _ = world.stores(process)
        for (pair, week), days in itertools.islice(content.weeks.items(), at_most):
            daily_totals.take_out_once(
                PairWeek(*split_pair(pair), week),
                {weekday: Totals(*share) for weekday, share in days.items()},
                content.source,
                int(world.now(process)()),
            )

    def finish() -> None:
        uploads_since = world.ledger.claims[digest].uploads - uploads_before
        is_partial = at_most is not None and at_most < len(content.weeks)
        world.ledger.retract(digest, doubt=in_work_before or uploads_since > 0 or is_partial)
        world.ledger.retracting.discard(digest)
        world.trace("people", f"retracted file {digest[:4].hex()}")
        world.scheduler.at(world.scheduler.now + _UNTIL_NO_REQUEST_IS_LATE, then)

    Tool(world, f"retract {digest[:4].hex()}", command, finish)


def remove_by_hand(world: World, random: Random, upload: Callable[[Content], None]) -> tuple[str, str] | None:
    """Deletes an item of the daily totals, which nobody should; mostly its files are uploaded again.

    Returns:
        The key of the item; None if there is none to delete.
    """
    items = [item for item in world.daily.items() if "s" in item]
    if not items:
        return None
    item = random.choice(items)
    key = world.daily.key_of(item)
    sources = item.get("s", {}).get("BS", ())
    contents = [one for one in world.ledger.contents.values() if one.source in sources]
    if any(content.digest in world.ledger.retracting for content in contents):
        return None
    is_in_work = any(world.is_in_work(content.digest) for content in contents)
    world.ledger.remove(item, key, is_in_work=is_in_work)
    world.trace("people", f"remove {key} by hand")
    world.daily.put(key, {}, world.scheduler.now)
    for content in contents:
        if random.random() < 0.7:
            later = world.scheduler.now + _UNTIL_NO_REQUEST_IS_LATE + random.random() * 100
            world.scheduler.at(later, partial(upload, content))
    return key


def spoil_by_hand(world: World, random: Random) -> None:
    """Writes an item of the daily totals of which no statistics can be computed; mostly mends it later."""
    now, (pair, week) = world.scheduler.now, _SPOILT
    key = {"k": {"S": pair}, "t": {"S": week}}
    whole = {name: {"N": "7"} for name in ("d3", "p3", "n3")}
    state = {"r": {"N": "1"}, "u": {"N": str(int(now))}}
    missing = random.choice(("d3", "p3", "n3", "r", "u"))
    world.applied.interfered(pair)
    world.spoilt, world.mended = {pair}, {}
    world.trace("people", f"spoil {pair}: no {missing}")
    spoilt = {name: value for name, value in (key | whole | state).items() if name != missing}
    world.daily.put((pair, week), spoilt, now)

    def mend() -> None:
        later = {"r": {"N": "2"}, "u": {"N": str(int(world.scheduler.now))}}
        world.trace("people", f"mend {pair}")
        world.spoilt, world.mended = set(), {pair: (1, 7, 49, 7, 49)}
        world.daily.put((pair, week), key | whole | later, world.scheduler.now)

    if random.random() < 0.6:
        world.scheduler.at(now + 10 ** random.uniform(0, 5), mend)


def verify_and_repair(world: World) -> None:
    """`flowtally verify --all --repair`."""
    Tool(world, "repair", lambda process: repair_all(world.stores(process)[1]) and None, lambda: None)


def process_old_batch(
    world: World, random: Random, settled: dict[str, int], about: tuple[str, str] | None = None
) -> None:
    """A process that read a batch, was frozen, and wakes.

    Whatever came before its batch in the shard was settled when it read it. The batch begins anywhere, or
    with a change of one item.
    """
    starts = [
        (shard, start)
        for shard in map(world.streams.shards.__getitem__, settled)
        for start, record in enumerate(shard.records[: shard.after(settled[shard.id]) + 1])
        if about in (None, world.daily.key_of(record["dynamodb"]["Keys"]))
    ]
    if not starts:
        return
    shard, start = random.choice(starts)
    batch = shard.records[start : start + random.choice((1, 3, 10, 30, 1000))]

    def wake() -> None:
        process = world.process("old batch")

        def run() -> None:
            world.trace(process.name, f"{shard.id}, {len(batch)} records from {start}")
            world.consolidator(process).process(batch)

        world.scheduler.spawn(process, run)

    world.scheduler.at(world.scheduler.now + 10 ** random.uniform(0, 5.2), wake)
