"""The safeguards of the first stage, each with the change that removes it."""

from tests.simulation.removals import mutant
from tests.simulation.themes import Theme

DAILY = "models/storage/daily_totals.py"
COUNTING = "handlers/summarizing/counting.py"
SUMMARIZER = "handlers/summarizing/stage.py"
QUEUE_POLLER = "vm_daemon/queue_poller.py"

SUMMARIZE = [
    mutant(
        "no condition against counting twice",
        DAILY,
        'f"NOT contains(s, :digest) AND {_IN_ORDER}"',
        "_IN_ORDER",
    ),
    mutant("digest of the file forgotten", DAILY, "r :one, s :file SET", "r :one SET"),
    mutant("retraction of what is not in", DAILY, 'f"contains(s, :digest) AND {_IN_ORDER}"', "_IN_ORDER"),
    mutant("retraction keeps the digest", DAILY, "r :one DELETE s :file SET", "r :one SET"),
    mutant(
        "the last pass over a wide file is skipped",
        "models/flow_csv/flow_file.py",
        "    while left:\n",
        "    while left[1:]:\n",
    ),
    mutant(
        "a Sunday goes to the week after it",
        "models/traffic.py",
        "timedelta(when.weekday())",
        "timedelta(when.isoweekday() % 7 - 1)",
    ),
    mutant(
        "only one day of a week is written",
        DAILY,
        "UpdateExpression=_adding(tuple(days))",
        "UpdateExpression=_adding(tuple(days)[:1])",
    ),
    mutant(
        "only one day of a week is taken out",
        DAILY,
        "            for weekday, totals in days.items()\n",
        "            for weekday, totals in list(days.items())[:1]\n",
    ),
    mutant(
        "files are named without the secret",
        DAILY,
        "digest_size=_SOURCE_BYTES, key=key",
        "digest_size=_SOURCE_BYTES",
    ),
    mutant(
        "a week that refuses is taken for full",
        COUNTING,
        "is_full = not self.daily_totals.has_room(week, days, self.source)",
        "is_full = not self.daily_totals.has_room(week, days, self.source) or True",
    ),
    mutant(
        "a file that is partly counted is not set aside",
        SUMMARIZER,
        "                    self._set_aside(uploaded, source, record.reason)",
        "                    pass",
    ),
    mutant(
        "an item that refuses is passed over",
        COUNTING,
        "        if failures:\n            raise failures[0]",
        "        if failures and not failures:\n            raise failures[0]",
    ),
    mutant(
        "a look takes everything for counted",
        COUNTING,
        "if week not in counted]",
        "if not counted]",
    ),
    mutant(
        "a redelivery that finds one week of a pair takes all for counted",
        DAILY,
        '                    yield wanted[item["k"]["S"], item["t"]["S"]]',
        "                    yield from [wanted.pop(key) for key in list(wanted) "
        'if key[0] == item["k"]["S"]]',
    ),
    mutant(
        "time of change may go back",
        DAILY,
        "OR u <= :now)",
        "OR u <= :now OR u > :now)",
        theme=Theme.SHORT_MEMORY,
    ),
    mutant(
        "object deleted before the last write",
        SUMMARIZER,
        "                self._count(",
        '                self._delete(uploaded, source["ETag"]); self._count(',
    ),
    mutant("object deleted without the ETag check", SUMMARIZER, ", IfMatch=etag)", ")"),
    mutant(
        "quarantine after deletion",
        SUMMARIZER,
        "                self._quarantine(uploaded.bucket, flows, quarantined_rows)\n",
        "\n",
        "prefix), flows, record, delivery)",
        'prefix), flows, record, delivery); self._delete(uploaded, source["ETag"]); '
        "self._quarantine(uploaded.bucket, flows, quarantined_rows)",
    ),
    mutant(
        "bad file deleted before it is set aside",
        SUMMARIZER,
        "                self._set_aside(uploaded, source, record.reason)\n                record.key",
        '                self._delete(uploaded, source["ETag"]); '
        "self._set_aside(uploaded, source, record.reason)\n                record.key",
    ),
    mutant(
        "a 403 taken for a vanished object",
        SUMMARIZER,
        'in ("NoSuchKey", "404"):\n                return None',
        'in ("NoSuchKey", "404", "AccessDenied"):\n                return None',
    ),
    mutant(
        "message acknowledged before the work",
        QUEUE_POLLER,
        '        receives = int(attributes["ApproximateReceiveCount"])',
        '        receives = int(attributes["ApproximateReceiveCount"]); '
        "self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=receipt)",
    ),
    mutant(
        "message acknowledged after a failure",
        "handlers/summarize.py",
        'failed.append({"itemIdentifier": message["messageId"]})',
        "pass",
    ),
]
