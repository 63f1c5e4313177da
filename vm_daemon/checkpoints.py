"""How far each shard of the stream was read, kept in a file of this VM."""

from pathlib import Path
from typing import Any

import orjson

FINISHED = "finished"  # in place of a sequence number: the shard is closed and read to its end


class Checkpoints:
    """Sequence numbers by shard, written atomically.

    An old checkpoint is as right as a new one: what is read again is found to be a duplicate. One
    that is older than the stream keeps its records tells only that some may have been missed.

    Args:
        path: the file; its folder must exist.
        stream_arn: the stream that the shards belong to; a file of another stream is ignored.
    """

    def __init__(self, path: Path, stream_arn: str) -> None:
        self._path = path
        self._stream_arn = stream_arn
        stored = self._load()
        # Epoch seconds; all changes up to then are in the statistics.
        self.read_until: float = stored.get("read_until", 0.0)
        self.positions: dict[str, str] = stored.get("positions", {})

    def _load(self) -> dict[str, Any]:
        try:
            stored = orjson.loads(self._path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return stored if stored.get("stream") == self._stream_arn else {}

    def forget_all_but(self, shards: set[str]) -> None:
        """Drops shards that the stream does not list any more."""
        self.positions = {shard: at for shard, at in self.positions.items() if shard in shards}

    def save(self, read_until: float) -> None:
        """Writes all positions; a crash leaves the old file or the new one.

        Args:
            read_until: epoch seconds; all changes up to then are in the statistics.
        """
        self.read_until = read_until
        content = {"stream": self._stream_arn, "read_until": read_until, "positions": self.positions}
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(orjson.dumps(content))
        temporary.replace(self._path)
