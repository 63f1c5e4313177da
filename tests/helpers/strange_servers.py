"""What may answer in the place of AWS: a proxy's page, or nobody."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

LOGIN_PAGE = b"<html><title>Please log in</title></html>"


class _Page(BaseHTTPRequestHandler):
    """Answers everything with a page."""

    status: int
    body: bytes
    kind: str

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815  # the names that the base class wants

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def page_server(status: int = 200, body: bytes = LOGIN_PAGE, kind: str = "text/html") -> Iterator[str]:
    """Something that answers everything with one page; its address."""
    page = type("Page", (_Page,), {"status": status, "body": body, "kind": kind})
    with ThreadingHTTPServer(("127.0.0.1", 0), page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def silent_server() -> Iterator[tuple[str, Event]]:
    """Something that takes connections and never answers: its address, and whether somebody came."""
    came = Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as held:

        def wait_for_somebody() -> None:
            with suppress(OSError):
                held.enter_context(server.accept()[0])
                came.set()

        threading.Thread(target=wait_for_somebody, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
