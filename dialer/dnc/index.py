"""A list of numbers in one file, mapped into memory read-only and shared by every process.

Per area code there is a bitmap of ten million bits, stored without its empty words: a directory has
one bit for each word of 64 numbers and, for each 64 words, how many words come before; so a look-up
is three reads wherever a number is, whether the list has five numbers or 260 million. An area code
without entries takes nothing. Numbers outside +1 are a sorted array at the end.

    64 bytes  magic, format, length and SHA-256 of the header
    header    JSON: which list, counts, sections, SHA-256 of the directory and of the body
    directory bits (uint64), then ranks (uint32): 2,442 of each per area code, the first all empty
    body      words (uint64), then the other numbers (uint64, ascending)
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialer.compliance.facts import ListKind, ListVersion
from dialer.dnc.numbers import (
    AREA_SIZE,
    AREA_WORDS,
    AREAS,
    CELLS,
    FIRST_AREA,
    FIRST_NANP,
    NANP_SIZE,
    Numbers,
    among,
    number_of,
    numbers_in,
)
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant

MAGIC = b"DIALDNC\n"
FORMAT = 1
PRELUDE = struct.Struct("<8sII32s16x")
ALIGNMENT = 64
CHECKED_AT_OPEN = 32 << 20
"""A body up to this size is hashed whenever it is opened; a larger one by `verify`."""

_BLOCK = 1 << 15
_SPARE = 256
"""More than two digests and the digits of all counts."""

_REMEDY = "Import the list again."


class SetKind(StrEnum):
    """What being in a set of numbers means. The first four deny calls (`ListKind`). UNKNOWN: a
    vendor said something of the number that nobody can read. REASSIGNED: a vendor says somebody
    else has the number now. The rest tell the line: WIRELESS_BLOCK from the blocks assigned to
    wireless carriers, the two PORTED ones from the daily port files."""

    NATIONAL = "NATIONAL"
    STATE = "STATE"
    LITIGATOR = "LITIGATOR"
    INTERNAL = "INTERNAL"
    UNKNOWN = "UNKNOWN"
    REASSIGNED = "REASSIGNED"
    WIRELESS_BLOCK = "WIRELESS_BLOCK"
    PORTED_TO_WIRELESS = "PORTED_TO_WIRELESS"
    PORTED_TO_WIRELINE = "PORTED_TO_WIRELINE"


LIST_KINDS = frozenset(SetKind(kind) for kind in ListKind)
"""The kinds that are lists of numbers not to be called."""


@dataclass(frozen=True, slots=True)
class ListIdentity:
    """Which list an index holds: as `ListVersion`, of any kind. `state`: a national list's country
    stands there too, where it is not the United States. `sha256`: of the file it was read
    from, as that came."""

    name: str
    kind: SetKind
    obtained_at: Instant
    state: str = ""
    issued_at: Instant | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of an index file. `areas`: area codes ascending, with their counts; `words`, how
    many words the body has, at least one."""

    identity: ListIdentity
    count: int
    areas: tuple[tuple[int, int], ...]
    words: int
    others: int
    directory_sha256: str = ""
    body_sha256: str = ""

    @property
    def room(self) -> int:
        """Bytes to keep free for prelude and header, whatever the counts and digests become."""
        return PRELUDE.size + len(self._text()) + _SPARE

    def packed(self, room: int) -> bytes:
        """Prelude and header, as they stand in the first `room` bytes of the file."""
        text = self._text().ljust(room - PRELUDE.size)
        return PRELUDE.pack(MAGIC, FORMAT, len(text), hashlib.sha256(text).digest()) + text

    def _text(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Sections:
    """Where the parts of a file begin, in bytes, and how long it is."""

    bits: int
    ranks: int
    words: int
    others: int
    end: int

    @classmethod
    def of(cls, areas: int, words: int, others: int, header_bytes: int) -> Sections:
        """The file's parts; `header_bytes` with the prelude."""
        cells = (areas + 1) * CELLS
        bits = _aligned(header_bytes)
        ranks = bits + 8 * cells
        body = _aligned(ranks + 4 * cells)
        return cls(bits, ranks, body, body + 8 * words, body + 8 * (words + others))


class NumberIndex:
    """A built list. Immutable; safe to share between threads."""

    def __init__(self, path: Path, header: Header, sections: Sections, mapped: mmap.mmap) -> None:
        self.path = path
        self.count = header.count
        self.identity = header.identity
        self._header = header
        self._sections = sections
        self._mapped = mapped
        cells = (len(header.areas) + 1) * CELLS
        self._bits = np.frombuffer(mapped, np.uint64, cells, sections.bits)
        self._ranks = np.frombuffer(mapped, np.uint32, cells, sections.ranks)
        self._words = np.frombuffer(mapped, np.uint64, header.words, sections.words)
        self._others = np.frombuffer(mapped, np.uint64, header.others, sections.others)
        self._first_cells = np.zeros(AREAS, dtype=np.int64)
        for place, (area, _) in enumerate(header.areas, start=1):
            self._first_cells[area - FIRST_AREA] = place * CELLS
        # Plain integers are three times as fast as numpy's for one number at a time.
        whole = memoryview(mapped)
        self._one_first_cell: list[int] = self._first_cells.tolist()
        self._one_bits = whole[sections.bits :][: 8 * cells].cast("Q")
        self._one_ranks = whole[sections.ranks :][: 4 * cells].cast("I")
        self._one_words = whole[sections.words : sections.others].cast("Q")
        self._one_others = whole[sections.others :].cast("Q")

    @classmethod
    def open(cls, path: Path) -> NumberIndex:
        """Map an index file. Raises OperatorError for a file that is not whole: header, directory
        and length are always checked, the body here if it is small, else by `verify`."""
        try:
            with path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            reason = error.strerror if isinstance(error, OSError) else None
            raise _broken(path, f"the index cannot be read: {reason or error}") from error
        header, header_bytes = _read_header(path, mapped)
        sections = Sections.of(len(header.areas), header.words, header.others, header_bytes)
        if sections.end != len(mapped):
            raise _broken(path, "the index is not as long as it says", f"{len(mapped)} bytes")
        directory = hashlib.sha256(memoryview(mapped)[sections.bits : sections.words])
        if directory.hexdigest() != header.directory_sha256:
            raise _broken(path, "the index's directory has been changed")
        index = cls(path, header, sections, mapped)
        if sections.end - sections.words <= CHECKED_AT_OPEN:
            index.verify()
        return index

    def verify(self) -> None:
        """Hash the whole body. Raises OperatorError if a byte of it has changed."""
        body = hashlib.sha256(memoryview(self._mapped)[self._sections.words :])
        if body.hexdigest() != self._header.body_sha256:
            raise _broken(self.path, "the index's numbers have been changed")

    def __reduce__(self) -> tuple[Callable[[Path, ListIdentity], NumberIndex], tuple[Any, ...]]:
        """In another process the same file is mapped again."""
        return _mapped_again, (self.path, self.identity)

    @property
    def kind(self) -> SetKind:
        return self.identity.kind

    @property
    def version(self) -> ListVersion:
        """What a decision says of the list. Raises ValueError for a set that is not a list of
        numbers not to be called (see `LIST_KINDS`)."""
        return ListVersion(
            self.identity.name,
            ListKind(self.identity.kind),
            self.identity.obtained_at,
            self.identity.state,
            self.identity.issued_at,
            self.identity.sha256,
        )

    def seen_as(self, kind: SetKind) -> NumberIndex:
        """The same numbers as a list of another kind, of no state."""
        return self._identified(replace(self.identity, kind=kind, state=""))

    def _identified(self, identity: ListIdentity) -> NumberIndex:
        header = replace(self._header, identity=identity)
        return NumberIndex(self.path, header, self._sections, self._mapped)

    @property
    def areas(self) -> tuple[tuple[int, int], ...]:
        """Area codes with entries, ascending, and how many each has."""
        return self._header.areas

    @property
    def others(self) -> Numbers:
        """The numbers outside the North American plan, ascending."""
        return self._others

    def __len__(self) -> int:
        return self.count

    def __contains__(self, e164: str) -> bool:
        """Whether the number is on the list. Raises ValueError for what is no number."""
        number = number_of(e164)
        place = number - FIRST_NANP
        if not 0 <= place < NANP_SIZE:
            at = bisect_left(self._one_others, number)
            return at < len(self._one_others) and self._one_others[at] == number
        area, rest = divmod(place, AREA_SIZE)
        cell = self._one_first_cell[area] + (rest >> 12)
        bits: int = self._one_bits[cell]
        wanted = 1 << (rest >> 6 & 63)
        if not bits & wanted:
            return False
        word: int = self._one_words[self._one_ranks[cell] + (bits & (wanted - 1)).bit_count()]
        return bool(word >> (rest & 63) & 1)

    def contains_many(self, numbers: Numbers) -> NDArray[np.bool_]:
        """For each number (E.164 digits as integers) whether it is on the list, in order."""
        found = np.empty(len(numbers), dtype=np.bool_)
        # Blocks small enough that everything between the steps stays in the processor's cache.
        for start in range(0, len(numbers), _BLOCK):
            part = slice(start, start + _BLOCK)
            found[part] = self._contains_block(numbers[part])
        return found

    def _contains_block(self, numbers: Numbers) -> NDArray[np.bool_]:
        place = numbers - np.uint64(FIRST_NANP)  # what lies below wraps to beyond the end
        area = place // np.uint64(AREA_SIZE)
        place -= area * np.uint64(AREA_SIZE)
        outside = area >= AREAS
        cell = self._first_cells.take(area.view(np.int64), mode="clip")
        cell += (place >> np.uint64(12)).view(np.int64)
        shift = place >> np.uint64(6)
        shift &= np.uint64(63)
        bits = self._bits.take(cell)
        below = np.left_shift(np.uint64(1), shift)
        below -= np.uint64(1)
        below &= bits
        rank = self._ranks.take(cell).astype(np.int64)
        rank += np.bitwise_count(below)
        bits >>= shift
        # A number whose word is not stored reads some other word; its bit in `bits` is 0.
        place &= np.uint64(63)
        bits &= self._words.take(rank, mode="clip") >> place
        bits &= np.uint64(1)
        found = bits.astype(np.bool_)
        if outside.any():
            found[outside] = among(numbers[outside], self._others)
        return found

    def area_words(self, area: int) -> NDArray[np.uint64]:
        """The whole bitmap of an area code, 156,250 words, as a copy."""
        words = np.zeros(AREA_WORDS, dtype=np.uint64)
        first = self._one_first_cell[area - FIRST_AREA]
        bits = self._bits[first : first + CELLS]
        used = np.unpackbits(bits.view(np.uint8), count=AREA_WORDS, bitorder="little")
        places = np.flatnonzero(used)
        start = int(self._ranks[first])
        words[places] = self._words[start : start + len(places)]
        return words

    def numbers(self) -> Iterator[Numbers]:
        """Every number, ascending within each array: an area code at a time, then the others."""
        for area, _ in self.areas:
            yield numbers_in(self.area_words(area), area)
        if self._others.size:
            yield self._others


def _mapped_again(path: Path, identity: ListIdentity) -> NumberIndex:
    return NumberIndex.open(path)._identified(identity)


def _read_header(path: Path, mapped: mmap.mmap) -> tuple[Header, int]:
    if len(mapped) < PRELUDE.size:
        raise _broken(path, "the index is cut off")
    magic, version, length, digest = PRELUDE.unpack_from(mapped)
    if magic != MAGIC or version != FORMAT:
        raise _broken(path, "this is no index of this version of the dialer")
    text = mapped[PRELUDE.size : PRELUDE.size + length]
    if len(text) != length or hashlib.sha256(text).digest() != digest:
        raise _broken(path, "the index's header has been changed or cut off")
    read: dict[str, Any] = json.loads(text)
    identity = read.pop("identity")
    identity["kind"] = SetKind(identity["kind"])
    read["areas"] = tuple((area, count) for area, count in read["areas"])
    return Header(identity=ListIdentity(**identity), **read), PRELUDE.size + length


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _broken(path: Path, message: str, value: str = "") -> OperatorError:
    return OperatorError(Problem(str(path), None, message, value, _REMEDY))
