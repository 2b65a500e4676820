"""A shelf with a clock that stands still, and list files to put on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dialer.dnc.index import SetKind
from dialer.dnc.manifest import Manifest
from dialer.dnc.profile import find_profile
from dialer.dnc.shelf import ListShelf
from dialer.model.instant import DAY_MS, Instant

NOW = Instant(20_789 * DAY_MS + 17 * 3_600_000)
"""2026-12-02 17:00 UTC."""

YESTERDAY = Instant(NOW - DAY_MS)


class Rig:
    """`bring` writes a file and imports it."""

    def __init__(self, folder: Path) -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.root = folder / "dnc"
        self.shelf = ListShelf(self.root, lambda: NOW)

    def bring(
        self,
        content: str | bytes,
        *,
        name: str = "national",
        kind: SetKind = SetKind.NATIONAL,
        state: str = "",
        profile: str = "ftc_full",
        obtained_at: Instant = YESTERDAY,
        base: str | None = None,
        approve: str | None = None,
        because: str | None = None,
        progress: Callable[[str, float], None] | None = None,
    ) -> Manifest:
        file = self.inbox / f"{name}.txt"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.shelf.import_file(
            name, kind, state, file, find_profile(profile), obtained_at,
            base=base, approve=approve, because=because, progress=progress,
        )  # fmt: skip

    def held(self, name: str = "national") -> set[int]:
        """What another process would find active."""
        fresh = ListShelf(self.root)
        found = {**fresh.active(), **fresh.other_sets()}
        return {int(n) for part in found[name].numbers() for n in part} if name in found else set()


def lines(*places: int) -> str:
    """A list of fictitious numbers of the registry's layout."""
    return "".join(f"212,555{place:04}\n" for place in places)


def numbers(*places: int) -> set[int]:
    return {12125550000 + place for place in places}
