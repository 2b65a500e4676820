"""A delivered file as pieces of whole lines, read once from start to end: flat text, or a zip
archive of it. The SHA-256 is of the file as it came."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from dialer.model.errors import OperatorError, Problem

PIECE_BYTES = 1 << 20
_HASH_AT_ONCE = 8 << 20
_HASH_BEHIND = 16
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a file, the last with its newline. `where` names the file (and the member of
    an archive); `first` if these are its first lines. `done`: bytes of the file read so far."""

    where: str
    first: bool
    content: bytes
    done: int


class Source:
    """One file, to be read once. A context manager; raises OperatorError for a file that cannot be
    opened, is empty, or breaks off while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb", buffering=0)
        except OSError as error:
            raise self._unreadable(error) from error
        self.size = path.stat().st_size
        self._hash = hashlib.sha256()
        # Hashing three gigabytes takes two seconds of a core: it has a thread of its own.
        self._hasher = ThreadPoolExecutor(1)
        self._hashing: list[Future[None]] = []

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._hasher.shutdown(cancel_futures=True)
        self._file.close()

    @property
    def sha256(self) -> str:
        """Of the whole file, once `pieces` has ended."""
        for each in self._hashing:
            each.result()
        self._hashing.clear()
        return self._hash.hexdigest()

    def pieces(self) -> Iterator[Piece]:
        """The file's lines, in order."""
        try:
            if zipfile.is_zipfile(self.path):
                yield from self._members()
            else:
                yield from self._lines(self._file, str(self.path), hashed=True)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            # RuntimeError, NotImplementedError: an encrypted archive, an unknown compression.
            raise self._unreadable(error) from error

    def _members(self) -> Iterator[Piece]:
        while part := self._file.read(_HASH_AT_ONCE):
            self._add_to_hash(part)
        self._file.seek(0)
        with zipfile.ZipFile(self._file) as archive:
            members = [
                each
                for each in sorted(archive.infolist(), key=lambda each: each.filename)
                if not each.is_dir() and not each.filename.startswith("__MACOSX/")
            ]
            packed = 0
            for member in members:
                share = member.compress_size / max(member.file_size, 1)
                with archive.open(member) as content:
                    where = f"{self.path}/{member.filename}"
                    for piece in self._lines(content, where, hashed=False):
                        done = packed + int(piece.done * share)
                        yield Piece(piece.where, piece.first, piece.content, done)
                packed += member.compress_size
        if self._file.seek(0, io.SEEK_END) != self.size:
            raise OSError("the file changed while it was read")

    def _lines(self, file: IO[bytes], where: str, hashed: bool) -> Iterator[Piece]:
        done = 0
        first = True
        rest = b""
        while part := file.read(PIECE_BYTES):
            if hashed:
                self._add_to_hash(part)
            done += len(part)
            if first and not rest:
                part = part.removeprefix(_BOM)
            end = part.rfind(b"\n") + 1
            if not end:
                rest += part
                if len(rest) > PIECE_BYTES:
                    raise OSError("no line ends within a megabyte: this is no list of numbers")
                continue
            yield Piece(where, first, rest + part[:end] if rest else part[:end], done)
            rest = part[end:]
            first = False
        if hashed and done != self.size:
            raise OSError("the file changed while it was read")
        if rest:
            yield Piece(where, first, rest + b"\n", done)

    def _add_to_hash(self, part: bytes) -> None:
        self._hashing.append(self._hasher.submit(self._hash.update, part))
        if len(self._hashing) > _HASH_BEHIND:
            self._hashing.pop(0).result()

    def _unreadable(self, error: Exception) -> OperatorError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        return OperatorError(
            Problem(
                str(self.path),
                None,
                f"the list cannot be read: {reason}",
                remedy="Put the whole file there: download it again, or correct its name.",
            )
        )
