"""The lists in force: a folder for each list, with its versions, their manifests and a pointer to
the active one. An import swaps the pointer at its very end or leaves no trace; a running service
sees the new version when it next asks."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from dialer.dnc.guard import (
    check_approval,
    check_base,
    check_dates,
    check_growth,
    check_kind,
    check_name,
)
from dialer.dnc.index import LIST_KINDS, ListIdentity, NumberIndex, SetKind
from dialer.dnc.manifest import Contained, Manifest, put_in_place, read_manifest, write_json
from dialer.dnc.profile import Part, Profile
from dialer.dnc.reading import FileRead, Progress, read_file
from dialer.dnc.rows import ADDED, DELETED
from dialer.dnc.working_set import FinishedSet, NumberSet
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of

POINTER = "active.json"
_LOCK = ".lock"
_INDEXES_KEPT = 2
"""Index files of so many versions are kept; the manifests all are."""


def wall_clock() -> Instant:
    """Now, as the machine has it."""
    return instant_of(datetime.now(UTC))


class ListShelf:
    """Every list below `root`. Lists are opened when first asked for, which raises OperatorError
    if one is not whole: a shelf that cannot show a list must not be asked about any number.

    One writer at a time for each list, of any process; readers need no lock.
    """

    def __init__(self, root: Path, clock: Callable[[], Instant] = wall_clock) -> None:
        self._root = root
        self._clock = clock
        self._seen: Mapping[str, _Seen] | None = None
        self._indexes: Mapping[str, NumberIndex] = {}

    def active(self) -> Mapping[str, NumberIndex]:
        """Lists of numbers not to be called, by name (`scrub:state:FL` for a part of a list).

        What a vendor flagged as national or of a state is no copy of that registry's list: absence
        from it proves nothing. It counts as a list of that kind only beside such a copy, else as
        one of our own, so that it denies and never stands in for the list that is missing.
        """
        lists = self._of_kinds(lambda kind: kind in LIST_KINDS)
        whole = {
            (index.kind, index.identity.state) for key, index in lists.items() if ":" not in key
        }
        return MappingProxyType(
            {
                key: index.seen_as(SetKind.INTERNAL)
                if ":" in key
                and index.kind in (SetKind.NATIONAL, SetKind.STATE)
                and (index.kind, index.identity.state) not in whole
                else index
                for key, index in lists.items()
            }
        )

    def other_sets(self) -> Mapping[str, NumberIndex]:
        """The sets that are no such lists: what vendors said of numbers, and what tells of lines.
        A number in one of kind UNKNOWN must not be called (DATA_MISSING)."""
        return self._of_kinds(lambda kind: kind not in LIST_KINDS)

    def active_manifest(self, name: str) -> Manifest | None:
        """The manifest of the version in force; None for a list there is not."""
        pointer = _read_pointer(self._folder(name))
        if pointer is None:
            return None
        return read_manifest(self._folder(name) / f"{pointer}.json")

    def names(self) -> tuple[str, ...]:
        """Every list that was ever imported, retired ones too."""
        return tuple(sorted(_pointers(self._root)))

    def manifests(self, name: str) -> tuple[Manifest, ...]:
        """Every version of a list that was ever active, oldest first."""
        active = _read_pointer(self._folder(name)) or ""
        files = sorted(self._folder(name).glob("[0-9]*.json"))
        return tuple(read_manifest(file) for file in files if file.stem <= active)

    def reload_if_changed(self) -> bool:
        """Look whether another version has become active, and open it. Without a change it costs
        one `stat` a list. Raises OperatorError for a version that is not whole, and for a list that
        is gone without having been retired; what was active before then stays in use here."""
        seen = _pointers(self._root)
        if seen == self._seen:
            return False
        before = self._seen or {}
        if before.keys() - seen.keys():
            raise OperatorError(
                Problem(
                    str(self._root),
                    None,
                    "a list has vanished while it was in use",
                    ", ".join(sorted(before.keys() - seen.keys())),
                    "Import it again; to do without it, use `dialer dnc retire`.",
                )
            )
        indexes: dict[str, NumberIndex] = {}
        for name, mark in seen.items():
            if before.get(name) == mark:
                indexes.update(
                    (key, index) for key, index in self._indexes.items() if _owner(key) == name
                )
            else:
                indexes.update(self._opened(name))
        self._seen, self._indexes = seen, indexes
        return True

    def import_file(
        self,
        name: str,
        kind: SetKind,
        state: str,
        file: Path,
        profile: Profile,
        obtained_at: Instant,
        issued_at: Instant | None = None,
        *,
        base: str | None = None,
        approve: str | None = None,
        because: str | None = None,
        progress: Progress | None = None,
    ) -> Manifest:
        """Read a delivered file and make it the active version of the list, all or nothing.

        `base`: of a list of changes, the version it changes. `approve`, `because`: the name and
        reason of who lets a full list pass that shrank or grew too much. Raises OperatorError for a
        file that cannot be read, and where compliance forbids the import; nothing has changed then.
        """
        check_name(name, kind, state)
        check_kind(kind, profile)
        check_approval(approve, because)
        with self._writing(name) as folder:
            before = self.active_manifest(name)
            check_base(name, file, kind, state, profile, base, before)
            check_dates(obtained_at, issued_at, self._clock(), before, approve)
            earlier = self._opened_if_whole(name, profile)
            read = read_file(file, profile, progress)
            parts = profile.parts or (Part("", kind, state),)
            finished = {part: _finish(part, profile, read, earlier) for part in parts}
            manifest = Manifest(
                version=_next_version(folder, read.sha256),
                name=name,
                kind=kind,
                state=state,
                profile=profile.title,
                source=file.name,
                sha256=read.sha256,
                size=read.size,
                obtained_at=obtained_at,
                issued_at=issued_at,
                imported_at=self._clock(),
                base=before.version if before else "",
                content=profile.content,
                rows_read=read.rows,
                rows_rejected=read.rejected,
                rejected=read.examples,
                approved_by=approve or "",
                because=because or "",
            )
            manifest = _counted(manifest, finished, earlier)
            check_growth(manifest, before)
            return self._put_active(folder, manifest, finished, progress)

    def retire(self, name: str, approve: str, because: str) -> Manifest:
        """Take a list out of use, by somebody's name and for a reason; what is known of its
        versions stays. Raises OperatorError for a list there is not."""
        check_approval(approve, because)
        with self._writing(name) as folder:
            before = self.active_manifest(name)
            if before is None or before.retired:
                raise OperatorError(
                    Problem(str(self._root), None, "no list of this name is in use", name)
                )
            manifest = replace(
                before,
                version=_next_version(folder, before.sha256),
                base=before.version,
                imported_at=self._clock(),
                approved_by=approve,
                because=because,
                rows_read=0,
                rows_rejected=0,
                rows_repeated=0,
                rejected=(),
                added=0,
                deleted=before.count,
                count=0,
                retired=True,
                sets=(),
            )
            return self._put_active(folder, manifest, {}, None)

    def _put_active(
        self,
        folder: Path,
        manifest: Manifest,
        finished: Mapping[Part, FinishedSet],
        progress: Progress | None,
    ) -> Manifest:
        """Write the sets, then the manifest, then the pointer: each whole before the next."""
        sets = []
        for place, (part, held) in enumerate(finished.items()):
            file = folder / f"{manifest.version}{'-' if part.name else ''}{place or ''}.idx"
            identity = ListIdentity(
                _key(manifest.name, part.name),
                part.kind or manifest.kind,
                manifest.obtained_at,
                part.state,
                manifest.issued_at,
                manifest.sha256,
            )
            partial = file.with_name(file.name + ".partial")
            held.write(partial, identity, progress and _stage(progress, "writing"))
            put_in_place(partial, file)
            sets.append(Contained(part.name, identity.kind, part.state, file.name, held.count))
        manifest = replace(manifest, sets=tuple(sets))
        write_json(folder / f"{manifest.version}.json", manifest.as_json())
        write_json(folder / POINTER, {"version": manifest.version})
        _remove_old_indexes(folder)
        if self._seen is not None:
            self.reload_if_changed()
        return manifest

    def _opened(self, name: str) -> dict[str, NumberIndex]:
        """The active version's indexes, by key, checked to the last byte."""
        manifest = self.active_manifest(name)
        indexes = {}
        for held in manifest.sets if manifest else ():
            index = NumberIndex.open(self._folder(name) / held.file)
            index.verify()
            indexes[_key(name, held.part)] = index
        return indexes

    def _opened_if_whole(self, name: str, profile: Profile) -> dict[str, NumberIndex]:
        """The version before. A damaged one is no reason to refuse its repair by a full list; its
        manifest still tells how many numbers it had."""
        try:
            return self._opened(name)
        except OperatorError:
            if profile.content != "full":
                raise
            return {}

    def _of_kinds(self, wanted: Callable[[SetKind], bool]) -> Mapping[str, NumberIndex]:
        if self._seen is None:
            self.reload_if_changed()
        return MappingProxyType(
            {key: index for key, index in self._indexes.items() if wanted(index.kind)}
        )

    def _folder(self, name: str) -> Path:
        return self._root / name

    @contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        """The list's folder, held against other writers and cleared of what an import left that
        was killed. The kernel frees the lock of a process that dies."""
        folder = self._folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OperatorError(
                    Problem(
                        str(folder),
                        None,
                        "this list is being imported already",
                        name,
                        "Wait for that import to end.",
                    )
                ) from error
            _remove_leftovers(folder)
            yield folder


_Seen = tuple[int, int, int]
"""What changes whenever a pointer file is replaced."""


def _finish(
    part: Part, profile: Profile, read: FileRead, earlier: Mapping[str, NumberIndex]
) -> FinishedSet:
    """A part as it will be. Changes: deletes first, so that a number both added and deleted stays
    listed."""
    if profile.content == "full":
        return read.sets[part.name].finish()
    changed = NumberSet()
    for index in earlier.values():
        changed.add_index(index)
    for numbers in read.sets[DELETED].finish().numbers():
        changed.discard(numbers)
    for numbers in read.sets[ADDED].finish().numbers():
        changed.add(numbers)
    return changed.finish()


def _counted(
    manifest: Manifest, finished: Mapping[Part, FinishedSet], earlier: Mapping[str, NumberIndex]
) -> Manifest:
    added = count = 0
    for part, held in finished.items():
        before = earlier.get(_key(manifest.name, part.name))
        added += held.count if before is None else held.missing_from(before)
        count += held.count
    deleted = sum(len(index) for index in earlier.values()) + added - count
    repeated = 0
    if manifest.content == "full" and len(finished) == 1:
        repeated = max(manifest.rows_read - manifest.rows_rejected - count, 0)
    return replace(manifest, added=added, deleted=deleted, count=count, rows_repeated=repeated)


def _next_version(folder: Path, sha256: str) -> str:
    """`000003-1f2e3d4c5b6a`: in order, and of which file."""
    numbers = [int(file.name[:6]) for file in folder.glob("[0-9]*.json")]
    return f"{max(numbers, default=0) + 1:06}-{sha256[:12]}"


def _pointers(root: Path) -> dict[str, _Seen]:
    """Every list's pointer file, as it is now."""
    found: dict[str, _Seen] = {}
    if not root.is_dir():
        return found
    for folder in sorted(root.iterdir()):
        try:
            stat = (folder / POINTER).stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        found[folder.name] = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
    return found


def _read_pointer(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / POINTER).read_bytes())["version"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            Problem(
                str(folder / POINTER),
                None,
                f"nobody can tell which version is active: {error}",
                remedy="Remove the file and import the list again.",
            )
        ) from error


def _remove_leftovers(folder: Path) -> None:
    """What an import wrote that never became a version."""
    for file in folder.glob("*.partial"):
        file.unlink()
    active = _read_pointer(folder)
    for file in folder.glob("*.idx"):
        if active is None or file.name[:6] > active[:6]:
            file.unlink()
    for file in folder.glob("[0-9]*.json"):
        # Without a pointer nobody can tell which manifests were active: they are all kept.
        if active is not None and file.stem > active:
            file.unlink()


def _remove_old_indexes(folder: Path) -> None:
    files = sorted(folder.glob("*.idx"))
    kept = sorted({file.name[:6] for file in files})[-_INDEXES_KEPT:]
    for file in files:
        if file.name[:6] not in kept:
            file.unlink()


def _key(name: str, part: str) -> str:
    return f"{name}:{part}" if part else name


def _owner(key: str) -> str:
    return key.partition(":")[0]


def _stage(progress: Progress, stage: str) -> Callable[[float], None]:
    return lambda fraction: progress(stage, fraction)
