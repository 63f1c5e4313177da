"""The safeguards of production code, each with the change that removes it.

Some that one might look for are not here:

- An allowance for clocks that differ. No promise rests on one; what stands in its place is that the time
  of a change never goes back, and that marks hold it.
- The reader's repairs after trimmed records, and after a shard that vanished unread. Unless clocks differ
  by half a day, what they make good is noticed by how long a shard was not read, too, so schedules do not
  miss them; tests/vm_daemon/stream/test_lost_records.py does.
- That a reader repairs after it has looked for shards, not before. Either is right: records are lost after
  a day, and a reader that did not look for half a day repairs once more.
- That a shard is not taken that another reader has finished meanwhile. Nothing is counted wrong without it,
  but a reader is kept from other shards; tests/vm_daemon/stream/test_leases.py holds it.
"""

from tests.simulation.planted_in_summarize import SUMMARIZE
from tests.simulation.removals import mutant
from tests.simulation.themes import Theme

DAILY = "models/storage/daily_totals.py"
STATISTICS = "models/storage/pair_statistics.py"
STEPS = "models/storage/changes.py"
CONSOLIDATOR = "handlers/consolidating/stage.py"
STREAM_READER = "vm_daemon/stream/stream_reader.py"
SHARDS = "vm_daemon/stream/shards.py"

MUTANTS = [
    *SUMMARIZE,
    # Consolidate.
    mutant(
        "one watermark per pair",
        STEPS,
        "mark = known.marks.get(step.week, 0)",
        "mark = max(known.marks.values(), default=0)",
    ),
    mutant(
        "no rebuild",
        STATISTICS,
        "            if due is None:\n                return self.rebuild(pair)",
        "            if due is None:\n                return Applied.DUPLICATE",
    ),
    mutant(
        "no horizon in the condition",
        STATISTICS,
        '"(attribute_not_exists(h) OR h < :news)"',
        '"(attribute_not_exists(h) OR h < :news OR h >= :news)"',
    ),
    mutant("horizon reached is taken for passed", STATISTICS, "OR h < :news)", "OR h <= :news)"),
    mutant(
        "no horizon after a refusal",
        STEPS,
        "return step.week not in self.marks and self.horizon < step.first_change",
        "return step.week not in self.marks",
    ),
    mutant("pruning does not raise the horizon", STEPS, "max([known.horizon, *times])", "known.horizon"),
    mutant("marks without the time of change", STEPS, "* _TIME_RANGE + self.updated_at", "* _TIME_RANGE"),
    mutant(
        "folded steps forget their first change",
        STEPS,
        "_replace(after=later.after)",
        "_replace(after=later.after, first_change=later.first_change)",
        theme=Theme.SHORT_MEMORY,
    ),
    mutant(
        "condition on the revision before dropped",
        STATISTICS,
        'f"#{mark} = :before{mark}"',
        'f"#{mark} <= :after{mark}"',
    ),
    mutant(
        "new weeks without their condition",
        STATISTICS,
        'f"attribute_not_exists(#{mark})" for',
        'f"(attribute_not_exists(#{mark}) OR attribute_exists(#{mark}))" for',
    ),
    mutant(
        "rebuild without its condition",
        STATISTICS,
        '= {"ConditionExpression": "attribute_not_exists(r)"}\n        if "r" in before:',
        "= {}\n        if not before and before:",
    ),
    mutant(
        "rebuild without the horizon",
        STEPS,
        "prune(Bookkeeping(marks, max([known.horizon, *gone])))",
        "prune(Bookkeeping(marks))",
        theme=Theme.ANYTHING,
    ),
    mutant(
        "rebuild from reads that may be stale",
        DAILY,
        '            ExpressionAttributeValues={":pair": {"S": pair}},\n            ConsistentRead=True,',
        '            ExpressionAttributeValues={":pair": {"S": pair}},\n            ConsistentRead=False,',
    ),
    mutant(
        "rebuild reads the weeks before the item",
        STATISTICS,
        "            before = self.get(pair)  # first",
        "            weeks = self.daily_totals.of_pair(pair); before = self.get(pair)  # first",
        "recompute(states_of(self.daily_totals.of_pair(pair)), known)",
        "recompute(states_of(weeks), known)",
        theme=Theme.ONE_PAIR,
    ),
    mutant(
        "pruning without its condition",
        STATISTICS,
        '            ConditionExpression="r = :seen",\n            ExpressionAttributeNames=names,',
        '            ConditionExpression="r >= :seen",\n            ExpressionAttributeNames=names,',
        theme=Theme.SHORT_MEMORY,
    ),
    mutant("no pruning", STEPS, "if len(known.marks) <= MARKS_AT_MOST:", "if known:"),
    mutant(
        "no limit to the weeks of an update",
        STATISTICS,
        "if len(steps) > WEEKS_AT_ONCE:",
        "if not steps:",
        theme=Theme.BACKFILL,
    ),
    mutant(
        "days counted by revision, not by flows",
        STEPS,
        "minus(Sums.of_week(step.before))",
        "minus(Sums.of_week(step.before))._replace(days=total.days + int(step.is_new_week))",
    ),
    mutant("float sums", STEPS, "totals.duration**2", "int(float(totals.duration) ** 2)"),
    mutant(
        "squares updated without the old square",
        STEPS,
        "minus(Sums.of_week(step.before))",
        "minus(Sums.of_week(step.before)._replace(duration_squares=0))",
    ),
    mutant(
        "days of a week that did not change are added again",
        STEPS,
        "minus(Sums.of_week(step.before))",
        "minus(Sums.of_week(step.before._replace(days={day: totals for day, totals in "
        "step.before.days.items() if step.after.days.get(day) != totals})))",
    ),
    mutant(
        "of the days of a week only the last counts",
        STEPS,
        "week = week.plus(cls.of_day(totals))",
        "week = cls.of_day(totals)",
    ),
    mutant(
        "a pair is set aside by the error alone",
        STATISTICS,
        "                return self.rebuild(pair)  # what is stored tells whether it can ever be",
        '                raise NotComputable("refused") from error',
    ),
    mutant(
        "what can never be computed is tried for ever",
        CONSOLIDATOR,
        "            except NotComputable as reason:\n",
        "            except ZeroDivisionError as reason:\n",
    ),
    mutant(
        "a pair that is set aside is not flagged",
        STATISTICS,
        "if self._put(pair, sums_of(before), known, before, set_aside=reason.found):",
        "if known:",
    ),
    mutant(
        "the flag outlives the rebuild",
        STATISTICS,
        '({"x": {"S": set_aside}} if set_aside else {})',
        '({"x": {"S": "still"}} if set_aside or "x" in before else {})',
    ),
    mutant(
        "a repair stops at a pair that it cannot compute",
        "handlers/consolidating/repair.py",
        "            except NotComputable as reason:\n                log",
        "            except ZeroDivisionError as reason:\n                log",
    ),
    mutant("failed pairs reported as done", CONSOLIDATOR, "failed.append(changes.first_record)", "pass"),
    mutant(
        "processing on after a failed record",
        STREAM_READER,
        "done = records if failed is None else records[:failed]",
        "done = records",
    ),
    mutant(
        "failed records not reported to Lambda",
        "handlers/consolidate.py",
        "    if failed is None:",
        "    if records:",
    ),
    mutant(
        "a removed week is no reason to rebuild",
        CONSOLIDATOR,
        'were removed by hand", extra={"pair": self.pair, "week": week})\n        self.needs_rebuild = True',
        'were removed by hand", extra={"pair": self.pair, "week": week})\n',
    ),
    # Reading the stream, shared by several readers.
    mutant(
        "no repair where a shard was not read for a day",
        SHARDS,
        "return self.is_trimmed or (not self.position and",
        "return self.is_trimmed or (not self and",
        theme=Theme.LONG_SILENCE,
    ),
    mutant(
        "no repair after a day without readers",
        STREAM_READER,
        "        if abs(now - snapshot.checked) >= UNREAD:",
        "        if not snapshot:",
        theme=Theme.LONG_SILENCE,
    ),
    mutant(
        "no repair by the readers at all",
        STREAM_READER,
        "if snapshot.loss and self",
        "if not snapshot and self",
        theme=Theme.LONG_SILENCE,
    ),
    mutant(
        "position moved before the records are processed",
        STREAM_READER,
        "        failed = self._stage.process(records) if records else None",
        '        position = records[-1]["dynamodb"]["SequenceNumber"] if records else shard.position; '
        "records and self._leases.save(shard.id, position, int(shard.intact_at)); "
        "shard.position = position; failed = self._stage.process(records) if records else None",
    ),
]
