"""How a safeguard of production code is removed from its source."""

from typing import NamedTuple

from tests.simulation.themes import Theme


class Mutant(NamedTuple):
    """A safeguard, and how to remove it: exact texts, each of which must stand once in the file.

    No line moves: call sites, at which processes crash and requests are lost, are known by their lines.
    """

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    theme: Theme | None = None  # of the schedules to run: a rare coincidence is found sooner

    def applied(self, source: str) -> str:
        """The source without the safeguard.

        Raises:
            ValueError: the source is not what this change was made for.
        """
        for old, new in self.changes:
            if source.count(old) != 1:
                raise ValueError(f"{self.file} has {source.count(old)} times: {old}")
            if old.count("\n") != new.count("\n"):
                raise ValueError(f"{self.name} moves lines")
            source = source.replace(old, new)
        return source


def mutant(name: str, file: str, *texts: str, theme: Theme | None = None) -> Mutant:
    return Mutant(name, file, tuple(zip(texts[::2], texts[1::2], strict=True)), theme)
