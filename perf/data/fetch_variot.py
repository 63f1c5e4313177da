"""Downloads the flow files of the VARIoT dataset, "Dataset of legitimate IoT data".

    python -m perf.data.fetch_variot DIRECTORY

The files are listed by the API of data.gouv.fr, where the dataset is published. Each is checked against the
size and the checksum that the API gives. One that is there already, whole, is not fetched again; one that
was interrupted is continued.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from operator import attrgetter
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import click
import orjson
import urllib3
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from models.errors import FlowtallyError, ServiceUnavailable

API = "https://www.data.gouv.fr/api/1"
DATASET = "dataset-of-legitimate-iot-data"

_CHUNK = 1 << 18  # bytes
_TRIES = 5  # at one file, each going on where the last one broke off


class Resource(NamedTuple):
    """A file of the dataset."""

    name: str
    url: str
    size: int | None  # bytes
    checksum: tuple[str, str] | None  # algorithm and hexadecimal value


def resources(http: urllib3.PoolManager, api: str) -> list[Resource]:
    """The CSV files of the dataset, in the order of their names.

    Raises:
        ServiceUnavailable: the API does not answer, or does not know the dataset.
    """
    url = f"{api}/datasets/{DATASET}/"
    try:
        answer = http.request("GET", url)
        listed = orjson.loads(answer.data)["resources"] if answer.status == 200 else None
    except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError, KeyError) as error:
        raise ServiceUnavailable(f"no list of files: {error}", where=url, remedy="Try later") from error
    if listed is None:
        raise ServiceUnavailable(f"status {answer.status} instead of a list of files", where=url)
    found = sorted(map(_resource, listed), key=attrgetter("name", "url"))
    return _with_names_of_their_own(file for file in found if file.name.lower().endswith((".csv", ".csv.gz")))


def _with_names_of_their_own(files: Iterable[Resource]) -> list[Resource]:
    """Files of one name get numbers, so that none overwrites another."""
    taken: Counter[str] = Counter()
    renamed = []
    for file in files:
        stem, _, suffix = file.name.partition(".")
        taken[file.name] += 1
        number = taken[file.name]
        renamed.append(file if number == 1 else file._replace(name=f"{stem}-{number}.{suffix}"))
    return renamed


def _resource(entry: dict[str, Any]) -> Resource:
    checksum = entry.get("checksum") or {}
    name = PurePosixPath(unquote(urlsplit(entry["url"]).path)).name
    return Resource(
        name=name,
        url=entry["url"],
        size=entry.get("filesize"),
        checksum=(checksum["type"], checksum["value"]) if checksum.get("value") else None,
    )


def fetch(http: urllib3.PoolManager, resource: Resource, directory: Path) -> Iterator[int]:
    """Fetches a file; gives the numbers of bytes as they arrive.

    Raises:
        ServiceUnavailable: it broke off again and again; the next call goes on from there.
        FlowtallyError: what came is not what the API promised.
    """
    target, partial = directory / resource.name, directory / f"{resource.name}.part"
    if target.exists() and _fault(resource, target) is None:
        yield target.stat().st_size
        return
    if partial.exists() and partial.stat().st_size > (resource.size or inf):
        partial.unlink()  # of another version of the file
    yield partial.stat().st_size if partial.exists() else 0
    for attempt in range(1, _TRIES + 1):
        try:
            yield from _continue(http, resource, partial)
            break
        except urllib3.exceptions.HTTPError as error:
            if attempt == _TRIES:
                raise ServiceUnavailable(
                    f"broke off: {error}", where=resource.url, remedy="Call it again to go on from there"
                ) from error
    if fault := _fault(resource, partial):
        partial.unlink()
        raise FlowtallyError(fault, where=resource.name, remedy="Fetch it again")
    partial.replace(target)


def _continue(http: urllib3.PoolManager, resource: Resource, partial: Path) -> Iterator[int]:
    """Appends what is missing, or starts over where the server cannot go on."""
    begun = partial.stat().st_size if partial.exists() else 0
    if resource.size is not None and begun == resource.size:
        return
    headers = {"Range": f"bytes={begun}-"} if begun else {}
    answer = http.request("GET", resource.url, headers=headers, preload_content=False)
    try:
        if answer.status not in (200, 206):
            raise urllib3.exceptions.HTTPError(f"status {answer.status}")
        if answer.status == 200 and begun:
            yield -begun
        with partial.open("ab" if answer.status == 206 else "wb") as file:
            for chunk in answer.stream(_CHUNK):
                file.write(chunk)
                yield len(chunk)
    finally:
        answer.release_conn()


def _fault(resource: Resource, path: Path) -> str | None:
    """What of a file is not as the API promised; None if nothing is."""
    size = path.stat().st_size
    if resource.size not in (None, size):
        return f"it has {size} bytes instead of {resource.size}"
    algorithm, promised = resource.checksum or ("", "")
    if algorithm not in hashlib.algorithms_available:
        return None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    return f"its {algorithm} is {found} instead of {promised}" if found != promised.lower() else None


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--api", default=API, show_default=True, help="Where the dataset is listed.")
def main(directory: Path, api: str) -> None:
    """Download all files of the VARIoT dataset into DIRECTORY."""
    directory.mkdir(parents=True, exist_ok=True)
    http = urllib3.PoolManager(retries=urllib3.Retry(3, backoff_factor=0.5), timeout=60)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        files = resources(http, api)
        with Progress(*columns) as progress:
            everything = progress.add_task(f"{len(files)} files", total=sum(file.size or 0 for file in files))
            for file in files:
                task = progress.add_task(file.name, total=file.size)
                for count in fetch(http, file, directory):
                    progress.advance(task, count)
                    progress.advance(everything, count)
                progress.remove_task(task)
    except FlowtallyError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
