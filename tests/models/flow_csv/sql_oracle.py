"""A second opinion of a whole flow file, in SQL: whether it counts, in which unit, and exactly what.

DuckDB cuts lines, finds columns, and reads dates and numbers in its own ways; no rule is the reader's. It is
made for real files: quoted fields and addresses in many spellings are not among them.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import duckdb

from models.traffic import PairDay, Totals


class Decision(NamedTuple):
    """What SQL makes of a file.

    Attributes:
        verdict: `counted`, or why not.
        totals: exact sums per pair and day.
        rows: all of them.
        bad: those that do not count.
        seconds: whether durations are in seconds; None if they need no proof.
    """

    verdict: str
    totals: Mapping[PairDay, Totals] = MappingProxyType({})
    rows: int = 0
    bad: int = 0
    seconds: bool | None = None


_LINES = r"""
create temp table lines as
select row_number() over () as number, string_split(trim(line, chr(13) || chr(10)), ',') as fields
from read_csv($path, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false,
              auto_detect = false, strict_mode = false, encoding = 'latin-1')
where regexp_matches(line, '[^, \s]')
"""

# Places count from 1; 0 is nowhere. A file may lack its header line if it looks like CICFlowMeter 4's.
_COLUMNS = r"""
create temp table places as
with first as (select fields, list_transform(fields, lambda name:
                   regexp_replace(lower(trim(name)), '[ ._-]+', ' ', 'g')) as names
               from lines where number = (select min(number) from lines)),
     found as (select fields, names,
                   coalesce(list_position(names, 'src ip'), list_position(names, 'source ip'), 0) as s,
                   coalesce(list_position(names, 'dst ip'), list_position(names, 'destination ip'), 0) as d,
                   coalesce(list_position(names, 'timestamp'), 0) as t,
                   coalesce(list_position(names, 'flow duration'), 0) as n,
                   list_max(list_transform(['tot fwd pkts', 'total fwd packets', 'total fwd packet',
                            'tot fwd packets'], lambda name: coalesce(list_position(names, name), 0))) as p,
                   coalesce(list_position(fields, 'flow_pkts_s'), 0) as rate,
                   coalesce(list_position(fields, 'tot_bwd_pkts'), 0) as back,
                   list_contains(fields, 'flow_duration') as is_python
               from first)
select * exclude (fields, names),
       greatest(s, d, t, n, p) > 0 as has_header, least(s, d, t, n, p) > 0 as has_all,
       len(fields) >= 83 and regexp_full_match(fields[2], '[0-9.]+')
           and regexp_full_match(fields[4], '[0-9.]+') and regexp_matches(fields[7], '[0-9]{4}')
           and try_cast(fields[8] as double) is not null as is_v4
from found
"""

_FLOWS = r"""
create temp table flows as
with rows as (select number, fields from lines, places
              where not (has_header and regexp_replace(lower(trim(lines.fields[s])), '[ ._-]+', ' ', 'g')
                                        in ('src ip', 'source ip'))),
     usual as (select mode(len(fields)) as width from rows),
     texts as (select number, len(fields) = width as is_whole,
                      trim(fields[case when has_header then s else 2 end]) as source,
                      trim(fields[case when has_header then d else 4 end]) as destination,
                      regexp_extract(trim(fields[case when has_header then t else 7 end]), '^[^ T]*') as date,
                      trim(fields[case when has_header then n else 8 end]) as duration,
                      trim(fields[case when has_header then p else 9 end]) as packets,
                      case when is_python then fields[rate] end as rate,
                      case when is_python then fields[back] end as back
               from rows, places, usual)
select *, coalesce(try_strptime(date, ['%Y-%m-%d', '%Y/%m/%d']),
                   try_strptime(date, ['%d/%m/%Y', '%d-%m-%Y', '%d.%m.%Y']))::date as day,
       try_strptime(date, ['%m/%d/%Y', '%m-%d-%Y', '%m.%d.%Y'])::date as swapped,
       is_whole and regexp_full_match(source, '[0-9a-fA-F.:]{3,}')
                and regexp_full_match(destination, '[0-9a-fA-F.:]{3,}') as has_addresses,
       not regexp_full_match(duration, '[0-9][.][0-9]{2}E[+](0[3-9]|[1-9][0-9])')
           and not regexp_full_match(packets, '[0-9][.][0-9]{2}E[+](0[3-9]|[1-9][0-9])') as is_exact,
       try_cast(duration as decimal(38, 14)) as amount, try_cast(packets as decimal(38, 4)) as count,
       try_cast(packets as double) + try_cast(back as double) as both_ways,
       both_ways / nullif(try_cast(rate as double), 0) as proof
from texts
"""

_PROOFS = """
select count(*) filter (abs(amount - proof) <= proof / 1000),
       count(*) filter (abs(amount / 1000000 - proof) <= proof / 1000), count(*)
from flows
where amount > 0 and is_exact
"""

_GOOD = """
create temp table good as
select source, destination, date, day, round_even($scale * amount, 0) as duration, count as packets, swapped
from flows, places
where has_addresses and is_exact and day between '1970-01-01' and '2099-12-31' and amount >= 0
      and $scale * amount <= 1e12 and count between 0 and 1e12 and count = floor(count)
      and (is_python or amount = floor(amount))
      and not coalesce(is_python and amount > 0
                       and abs(amount * (1000000 / $scale) / 1000000 - proof) <= proof / 1000, false)
"""

_MONTH_FIRST = r"""
with named as (select try_cast(regexp_replace(regexp_extract($name,
                   '((19|20)[0-9]{2})[-_.]?[0-9]{2}[-_.]?[0-9]{2}'),
                   '^([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})$', '\1-\2-\3') as date) as day)
select ((select count(*) from flows where has_addresses and day is null and swapped is not null) > 0
        and (select count(*) from good where swapped is null and not regexp_matches(date, '^[0-9]{4}')) = 0)
       or coalesce((select day from named) in (select swapped from good)
                   and (select day from named) not in (select day from good), false)
"""

_SUMS = """select source, destination, day::varchar, sum(duration)::hugeint, sum(packets)::hugeint, count(*)
           from good group by all"""


def decide(path: Path) -> Decision:
    """Looks at a file, gzipped or not, under its name."""
    with duckdb.connect() as database:
        database.execute(_LINES, {"path": str(path)})
        database.execute(_COLUMNS)
        has_header, has_all, is_v4, is_python, proves = database.execute(
            "select has_header, has_all, is_v4, is_python, least(rate, back) > 0 from places"
        ).fetchall()[0]
        if not (has_all if has_header else is_v4):
            return Decision("columns are missing")
        if is_python and not proves:
            return Decision("no unit")
        database.execute(_FLOWS)
        scale, seconds = 1, None
        if is_python:
            [(by_seconds, by_microseconds, with_duration)] = database.execute(_PROOFS).fetchall()
            if by_seconds == by_microseconds and with_duration:
                return Decision("no unit")
            seconds = by_seconds > by_microseconds
            scale = 1_000_000 if seconds else 1
        database.execute(_GOOD, {"scale": scale})
        [(is_month_first,)] = database.execute(_MONTH_FIRST, {"name": path.name}).fetchall()
        if is_month_first:
            return Decision("month first")
        [(rows, good)] = database.execute(
            "select (select count(*) from flows), (select count(*) from good)"
        ).fetchall()
        if rows and not good:
            return Decision("no row counts")
        sums = database.execute(_SUMS).fetchall()
    totals = {PairDay(*row[:3]): Totals(int(row[3]), int(row[4]), row[5]) for row in sums}
    return Decision("counted", totals, rows, rows - good, seconds)
