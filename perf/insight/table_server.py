"""Stands in for AWS where a command only reads a large table: a process that answers scans by HTTP.

    python -m perf.insight.table_server --pairs 100000 --days 60

No engine holds 900,000 items, and none need: a page is put together when it is asked for. Prints its
address, and ends when its input does.
"""

import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import click
import orjson

from models.deployment import Deployment
from perf.insight.made_table import MadeTable

DEPLOYMENT = Deployment(
    bucket="traffic",
    queue_url="http://127.0.0.1/queue",
    dead_letter_queue_url="http://127.0.0.1/dead-letters",
    daily_totals="DailyTotals",
    pair_statistics="PairStatistics",
    files="Files",
    stream_arn="arn:aws:dynamodb:us-east-1:123456789012:table/DailyTotals/stream/1",
    source_key=b"0" * 16,
)
_LEAST_UNITS = 0.5  # of a scan, eventually consistent


class Asked:
    """Which pages were asked for, and what they cost."""

    def __init__(self) -> None:
        self.pages: Counter[str] = Counter()
        self.units = 0.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    table: ClassVar[MadeTable]
    asked: ClassVar[Asked]

    def do_GET(self) -> None:
        """What was asked since the last time."""
        asked, type(self).asked = self.asked, Asked()
        most = max(asked.pages.values(), default=0)
        self._answer(orjson.dumps({"pages": len(asked.pages), "most": most, "units": asked.units}))

    def do_POST(self) -> None:
        """DynamoDB's `Scan`, or CloudFormation's `DescribeStacks`."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "DynamoDB" not in self.headers.get("X-Amz-Target", ""):
            self._answer(_STACK, "text/xml")
            return
        request = orjson.loads(body)
        is_totals = request["TableName"] == DEPLOYMENT.daily_totals
        self._answer(self._page(request) if is_totals else self._nothing())

    def _nothing(self) -> bytes:
        self.asked.units += _LEAST_UNITS
        consumed = {"TableName": DEPLOYMENT.files, "CapacityUnits": _LEAST_UNITS}
        return orjson.dumps({"Items": [], "Count": 0, "ScannedCount": 0, "ConsumedCapacity": consumed})

    def _page(self, request: dict[str, Any]) -> bytes:
        start = request.get("ExclusiveStartKey")
        is_projected = "ProjectionExpression" in request
        page = self.table.page(request["Segment"], request["TotalSegments"], start, is_projected=is_projected)
        self.asked.pages[f"{request['Segment']} {start}"] += 1
        self.asked.units += page["Units"]
        rest: dict[str, Any] = {
            "Count": page["Count"],
            "ScannedCount": page["Count"],
            "ConsumedCapacity": {"TableName": request["TableName"], "CapacityUnits": page["Units"]},
        }
        if page["LastEvaluatedKey"]:
            rest["LastEvaluatedKey"] = page["LastEvaluatedKey"]
        return b'{"Items":[%b],%b' % (page["Items"], orjson.dumps(rest)[1:])

    def _answer(self, body: bytes, kind: str = "application/x-amz-json-1.0") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "made-up")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _stack() -> bytes:
    outputs = "".join(
        f"<member><OutputKey>{name.removeprefix('FLOWTALLY_').title().replace('_', '')}</OutputKey>"
        f"<OutputValue>{value}</OutputValue></member>"
        for name, value in DEPLOYMENT.to_environment().items()
    )
    return (
        '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        "<DescribeStacksResult><Stacks><member><StackName>flowtally</StackName>"
        "<CreationTime>2022-12-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>"
        f"<Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    ).encode()


_STACK = _stack()


@click.command()
@click.option("--pairs", default=100_000, show_default=True, help="How many pairs.")
@click.option("--days", default=60, show_default=True, help="How many days each has.")
def main(pairs: int, days: int) -> None:
    """Answer scans of a generated table until the input ends."""
    _Handler.table, _Handler.asked = MadeTable(pairs, days), Asked()
    _Handler.table.page(0, 1, None)  # made before anybody waits for it
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(prog_name="python -m perf.insight.table_server")
