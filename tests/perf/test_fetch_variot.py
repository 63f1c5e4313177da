"""Downloading the dataset, from a local stand-in of the API."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from perf.data.fetch_variot import DATASET, main

CONTENT = {f"data-2022120{n}.csv": bytes(range(256)) * 4000 * n for n in range(1, 4)}


class Portal:
    """Lists files and serves them, and breaks off as often as it is told to."""

    def __init__(self) -> None:
        self.breaks = 0
        self.requests: list[tuple[str, str | None]] = []
        self.twice = ""  # a file that is listed twice
        self.sizes = {name: len(content) for name, content in CONTENT.items()}
        self.checksums = {name: hashlib.sha1(content).hexdigest() for name, content in CONTENT.items()}
        portal = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                portal.requests.append((self.path, self.headers["Range"]))
                if self.path == f"/api/1/datasets/{DATASET}/":
                    self.answer(200, json.dumps(portal.listing()).encode())
                elif self.path.startswith("/files/"):
                    self.send_file(CONTENT[self.path.removeprefix("/files/")])
                else:
                    self.answer(404, b"{}")

            def send_file(self, content: bytes) -> None:
                begin = int((self.headers["Range"] or "bytes=0-")[6:-1])
                content = content[begin:]
                self.send_response(206 if begin else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if portal.breaks:
                    portal.breaks -= 1
                    content = content[: len(content) // 2]
                    self.close_connection = True
                self.wfile.write(content)

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def listing(self) -> dict[str, Any]:
        files = [
            {
                "url": f"{self.url}/files/{name}",
                "filesize": self.sizes[name],
                "checksum": {"type": "sha1", "value": self.checksums[name]},
            }
            for name in (*CONTENT, *([self.twice] if self.twice else []))
        ]
        return {
            "resources": [*files, {"url": f"{self.url}/files/readme.pdf", "filesize": 3, "checksum": None}]
        }


@pytest.fixture
def portal() -> Iterator[Portal]:
    running = Portal()
    yield running
    running.server.shutdown()
    running.server.server_close()


def download(portal: Portal, folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(folder), "--api", f"{portal.url}/api/1"])
    return result.exit_code, result.output


def fetched(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_flow_files_are_fetched(portal: Portal, tmp_path: Path) -> None:
    """Every CSV file of the dataset arrives whole, and nothing else."""
    assert download(portal, tmp_path)[0] == 0
    assert fetched(tmp_path) == CONTENT


def test_what_is_there_is_not_fetched_again(portal: Portal, tmp_path: Path) -> None:
    """A second run asks for the list alone."""
    download(portal, tmp_path)
    portal.requests.clear()
    assert download(portal, tmp_path)[0] == 0
    assert len(portal.requests) == 1


def test_a_broken_download_goes_on(portal: Portal, tmp_path: Path) -> None:
    """After a connection breaks off, only what is missing is asked for."""
    portal.breaks = 2
    assert download(portal, tmp_path)[0] == 0
    assert fetched(tmp_path) == CONTENT
    assert [wanted for _, wanted in portal.requests if wanted]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(portal: Portal, tmp_path: Path) -> None:
    """When a file breaks off again and again, the message says so; what came is not asked for again."""
    portal.breaks = 5
    status, output = download(portal, tmp_path)
    assert status == 1
    assert "broke off" in output
    (partial,) = tmp_path.iterdir()
    begun = partial.stat().st_size
    assert 0 < begun < len(CONTENT["data-20221201.csv"])
    portal.requests.clear()
    assert download(portal, tmp_path)[0] == 0
    assert portal.requests[1] == ("/files/data-20221201.csv", f"bytes={begun}-")
    assert fetched(tmp_path) == CONTENT


def test_a_damaged_file_is_fetched_again(portal: Portal, tmp_path: Path) -> None:
    """A file of the right size with other bytes, and a part that is longer than the file."""
    (tmp_path / "data-20221201.csv").write_bytes(b"?" * len(CONTENT["data-20221201.csv"]))
    (tmp_path / "data-20221202.csv.part").write_bytes(b"?" * 5_000_000)
    assert download(portal, tmp_path)[0] == 0
    assert fetched(tmp_path) == CONTENT


def test_a_size_that_was_not_promised_is_refused(portal: Portal, tmp_path: Path) -> None:
    """Also where the API gives no checksum."""
    portal.checksums = dict.fromkeys(CONTENT, "")
    portal.sizes["data-20221203.csv"] += 1
    status, output = download(portal, tmp_path)
    assert status == 1
    assert "data-20221203.csv: it has 3072000 bytes instead of 3072001" in output
    assert set(fetched(tmp_path)) == {"data-20221201.csv", "data-20221202.csv"}


def test_files_of_one_name_do_not_overwrite_each_other(portal: Portal, tmp_path: Path) -> None:
    """The second gets a number."""
    portal.twice = "data-20221202.csv"
    assert download(portal, tmp_path)[0] == 0
    assert fetched(tmp_path) == CONTENT | {"data-20221202-2.csv": CONTENT["data-20221202.csv"]}


def test_a_wrong_checksum_is_refused(portal: Portal, tmp_path: Path) -> None:
    """What differs from what the API promised is not kept, and the message names the file."""
    portal.checksums["data-20221202.csv"] = "0" * 40
    status, output = download(portal, tmp_path)
    assert status == 1
    assert "data-20221202.csv: its sha1 is" in output
    assert set(fetched(tmp_path)) == {"data-20221201.csv"}


def test_an_unknown_api_is_one_clear_message(portal: Portal, tmp_path: Path) -> None:
    """Where there is no such dataset, the message says where it was looked for."""
    result = CliRunner().invoke(main, [str(tmp_path), "--api", f"{portal.url}/nowhere"])
    assert result.exit_code == 1
    assert "status 404" in result.output
