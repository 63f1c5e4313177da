"""What must hold at rest, whatever happened before."""

import gzip
from collections import Counter
from collections.abc import Iterator

from models.bucket_layout import quarantine_key
from models.storage import changes as steps
from tests.simulation.expressions import Item
from tests.simulation.traffic import Content, PairDayKey, Share, batch_statistics, day_in, days_in
from tests.simulation.world import World

_SUMS = ("n", "d", "dd", "p", "pp")


def broken(world: World) -> Iterator[str]:
    """Each invariant that does not hold, with where and how."""
    yield from world.violations
    yield from (f"process died: {failure}" for failure in world.scheduler.failures)
    sources = {
        world.daily.key_of(item): set(item.get("s", {}).get("BS", ())) for item in world.daily.items() if item
    }
    expected, wrong = world.ledger.expected(sources)
    yield from (f"daily totals differ: {what}" for what in wrong)
    yield from _daily_totals(world, expected)
    yield from _statistics(world, expected)
    yield from _objects(world)
    yield from _files(world)
    yield from (f"message left: {message.body}" for message in world.sqs.messages.values())


def _daily_totals(world: World, expected: dict[PairDayKey, Counter[str]]) -> Iterator[str]:
    stored: dict[PairDayKey, Share] = {}
    for item in filter(None, world.daily.items()):
        pair, week = world.daily.key_of(item)
        if pair in world.spoilt or pair in world.mended:
            continue
        stored |= {(pair, day_in(week, weekday)): share for weekday, share in days_in(item).items()}
    for key in sorted({*stored, *expected}):
        must = expected.get(key, Counter())
        has = stored.get(key, (0, 0, 0))
        if has != (must["duration"], must["packets"], must["flows"]):
            yield f"daily totals differ: {key} are {has}, must be {dict(must)}"


def _statistics(world: World, expected: dict[PairDayKey, Counter[str]]) -> Iterator[str]:
    must = batch_statistics(expected) | world.mended
    stored = {">".join(world.statistics.key_of(item)): item for item in world.statistics.items() if item}
    for pair in sorted({*stored, *must, *world.spoilt}):
        item = stored.get(pair, {})
        if ("x" in item) != (pair in world.spoilt):
            yield f"set aside wrongly: {pair} is {'' if 'x' in item else 'not '}flagged"
        if pair in world.spoilt:
            continue
        has = tuple(int(item[name]["N"]) if item else 0 for name in _SUMS)
        if has != must.get(pair, (0, 0, 0, 0, 0)):
            yield f"statistics differ: {pair} are {has}, must be {must.get(pair)}"
        marks = _marks(item)
        if marks > steps.MARKS_AT_MOST:
            yield f"bookkeeping grows: {pair} has {marks} marks"


def _marks(item: Item) -> int:
    return sum(name.isdigit() for name in item)


def _objects(world: World) -> Iterator[str]:
    """Nothing but quarantine and rejected files is left, and these are whole."""
    for key in world.s3.objects:
        if not key.startswith(("quarantine/", "rejected/")):
            yield f"object left: {key}"
    kept = {found.content for key, found in world.s3.objects.items() if key.startswith("rejected/")}
    for digest, content in world.ledger.contents.items():
        if not world.ledger.claims[digest].standing:
            continue
        if content.is_bad and content.stored not in kept:
            yield f"source lost unread: bad file {digest[:4].hex()} is not in rejected/"
        if content.bad_rows:
            yield from _quarantined(world, content)


def _quarantined(world: World, content: Content) -> Iterator[str]:
    found = world.s3.objects.get(quarantine_key(content.digest))
    if found is None:
        yield f"rows lost: no quarantine for file {content.digest[:4].hex()}"
        return
    _, *rows = gzip.decompress(found.content).decode().splitlines()
    if len(rows) != len(content.bad_rows) or any(
        not any(row.startswith(f"{bad},") for row in rows) for bad in content.bad_rows
    ):
        yield f"rows lost: quarantine of file {content.digest[:4].hex()} holds {rows}"


def _files(world: World) -> Iterator[str]:
    """The fate of every file that stands is on record."""
    for key in world.ledger.keys:
        branch, _, name = key.removeprefix("incoming/").partition("/")
        record = world.files.get((branch, name))
        if key in world.ledger.withdrawn:
            continue
        if not record:
            yield f"file not on record: {key}"
        elif record["st"]["S"] in ("counted", "duplicate"):
            digest, rows = record["g"]["B"], int(record["n"]["N"])
            if (known := world.ledger.contents.get(digest)) is None or known.rows != rows:
                yield f"file not on record: {key} is recorded with {rows} rows of file {digest[:4].hex()}"
