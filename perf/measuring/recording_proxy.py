"""What happens on the wire between a process and an engine: which calls, from when to when."""

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from operator import attrgetter
from typing import Self
from urllib.parse import urlsplit

_OPERATION = re.compile(rb"x-amz-target: \w+\.(\w+)|^(GET|PUT|DELETE|HEAD) /", re.IGNORECASE | re.MULTILINE)


@dataclass
class Call:
    """One request and its answer; times are seconds of `time.perf_counter`."""

    operation: str  # of the API, or the method of HTTP where S3 is spoken
    asked_at: float
    answered_at: float = inf


class RecordingProxy:
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

    def answered(self, operation: str, since: float) -> list[Call]:
        """The calls of an operation that were made since a time and are answered, in that order."""
        calls = [call for call in list(self.calls) if call.operation == operation and call.asked_at >= since]
        return sorted((call for call in calls if call.answered_at < inf), key=attrgetter("answered_at"))

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Carries one connection, on which one call follows the other."""
        with client, suppress(OSError), socket.create_connection(self._target) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            under_way: list[Call] = []
            threading.Thread(target=_carry_back, args=[server, client, under_way], daemon=True).start()
            while data := client.recv(1 << 16):
                if found := _OPERATION.search(data):
                    under_way[:] = [Call((found[1] or found[2]).decode(), time.perf_counter())]
                    self.calls += under_way
                server.sendall(data)


def _carry_back(server: socket.socket, client: socket.socket, under_way: list[Call]) -> None:
    with suppress(OSError):
        while data := server.recv(1 << 16):
            for call in under_way:  # before the client can go on
                call.answered_at = time.perf_counter()
            client.sendall(data)
        client.shutdown(socket.SHUT_RDWR)  # or it would ask again, and wait for an answer in vain
