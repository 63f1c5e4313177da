"""A TCP proxy whose connections can be cut, for tests of what a lost network does."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttableProxy:
    """Forwards connections of a free loopback port to an endpoint, while the network is up.

    Args:
        endpoint_url: where the connections lead.
        observe: is shown what clients send, as it passes.
    """

    def __init__(self, endpoint_url: str, observe: Callable[[bytes], object] = len) -> None:
        target = urlsplit(endpoint_url)
        self._target = (target.hostname or "", target.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._observe = observe
        self._is_up = True

    @property
    def url(self) -> str:
        """What stands in for the endpoint."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Breaks all connections, in the middle of whatever they carry, and refuses new ones."""
        self._is_up = False
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Lets connections through again."""
        self._is_up = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._forward, args=[client], daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if not self._is_up:
                return
            with socket.create_connection(self._target) as server:
                self._open |= {client, server}
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=_copy, args=[server, client], daemon=True)
                back.start()
                _copy(client, server, self._observe)
                back.join()
                self._open -= {client, server}


def _copy(source: socket.socket, sink: socket.socket, observe: Callable[[bytes], object] = len) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            observe(data)
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
