"""The Runtime API that the runtime client of one execution environment talks to, as AWS documents it.

GET  /2018-06-01/runtime/invocation/next          blocks until there is an event
POST /2018-06-01/runtime/invocation/ID/response
POST /2018-06-01/runtime/invocation/ID/error
POST /2018-06-01/runtime/init/error
"""

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal

_PREFIX = "/2018-06-01/runtime/"
_LOOPBACK = "127.0.0.1"

Kind = Literal["idle", "response", "error", "init-error", "exit"]


@dataclass(frozen=True)
class RuntimeEvent:
    """Something that the runtime client said, or that befell its process."""

    kind: Kind
    body: bytes = b""
    invocation: str = ""


@dataclass(frozen=True)
class Invocation:
    """An event on its way to the function."""

    id: str
    event: bytes
    function_arn: str
    deadline: float  # epoch seconds


class RuntimeApi:
    """A server for one environment. What happens is put into `events`, in its order."""

    def __init__(self) -> None:
        self.events: SimpleQueue[RuntimeEvent] = SimpleQueue()
        self._next: SimpleQueue[Invocation | None] = SimpleQueue()
        self._server = _Server((_LOOPBACK, 0), _Requests)
        self._server.api = self
        Thread(target=self._server.serve_forever, args=(0.05,), name="runtime-api", daemon=True).start()

    @property
    def address(self) -> str:
        """What `AWS_LAMBDA_RUNTIME_API` must say."""
        return f"{_LOOPBACK}:{self._server.server_address[1]}"

    def hand_out(self, invocation: Invocation) -> None:
        """Gives the runtime client its next event."""
        self._next.put(invocation)

    def next_invocation(self) -> Invocation | None:
        """Waits for the next event; None when the server is closed."""
        self.events.put(RuntimeEvent("idle"))
        return self._next.get()

    def close(self) -> None:
        """Ends the server, and the request that may be waiting for an event."""
        self._next.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    api: RuntimeApi


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each call waits 40 ms for an acknowledgement
    wbufsize = -1  # head and body of an answer in one packet
    server: _Server

    def do_GET(self) -> None:  # the name that the base class wants
        if self.path != f"{_PREFIX}invocation/next":
            self._answer(404)
            return
        invocation = self.server.api.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        self._answer(
            200,
            invocation.event,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(_PREFIX).split("/"):
            case ["init", "error"]:
                self.server.api.events.put(RuntimeEvent("init-error", body))
            case ["invocation", invocation, "response"]:
                self.server.api.events.put(RuntimeEvent("response", body, invocation))
            case ["invocation", invocation, "error"]:
                self.server.api.events.put(RuntimeEvent("error", body, invocation))
            case _:
                self._answer(404)
                return
        self._answer(202, b'{"status":"OK"}')

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Says nothing: what matters is in the log of the function."""
