"""What happens on the wire between a process and an engine: which calls, from when to when."""

import re
import socket
import threading
import time
from contextlib import suppress
from typing import NamedTuple, Self
from urllib.parse import urlsplit

_OPERATION = re.compile(rb"x-amz-target: \w+\.(\w+)|^(GET|PUT|DELETE|HEAD) /", re.IGNORECASE | re.MULTILINE)


class Call(NamedTuple):
    """One request and its answer."""

    operation: str  # of the API, or the method of HTTP where S3 is spoken
    asked_at: float  # seconds of `time.perf_counter`
    answered_at: float


class Wire:
    """A TCP proxy that notes the calls of the process behind it.

    Args:
        endpoint_url: of the engine.
    """

    def __init__(self, endpoint_url: str) -> None:
        target = urlsplit(endpoint_url)
        self._target = (target.hostname or "", target.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        """What stands in for the endpoint."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def between(self, operation: str, begin: float, end: float) -> list[Call]:
        """The calls of an operation that were answered in a time, in the order of their answers."""
        calls = [call for call in list(self.calls) if call.operation == operation]
        return sorted((c for c in calls if begin <= c.answered_at <= end), key=lambda c: c.answered_at)

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Carries one connection, on which one call follows the other."""
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._carry_answers, args=[server, client], daemon=True)
            back.start()
            self._pending: dict[socket.socket, tuple[str, float]]
            while data := client.recv(1 << 16):
                if found := _OPERATION.search(data):
                    operation = (found[1] or found[2]).decode()
                    self._under_way[server] = [operation, time.perf_counter(), 0.0]
                server.sendall(data)
