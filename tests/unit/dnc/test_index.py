"""One index file: what it answers, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dialer.compliance.facts import ListKind, ListVersion
from dialer.dnc import index as index_module
from dialer.dnc.index import ListIdentity, NumberIndex, SetKind
from dialer.dnc.working_set import NumberSet
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant

NATIONAL = ListIdentity("national", SetKind.NATIONAL, Instant(7), sha256="cd" * 32)


def written(path: Path, numbers: list[int], identity: ListIdentity = NATIONAL) -> Path:
    growing = NumberSet()
    growing.add(np.array(numbers, dtype=np.uint64))
    growing.finish().write(path, identity)
    return path


def test_the_version_a_decision_names(tmp_path: Path) -> None:
    index = NumberIndex.open(written(tmp_path / "a.idx", [12125550123]))
    assert index.version == ListVersion("national", ListKind.NATIONAL, Instant(7), sha256="cd" * 32)


def test_a_set_of_lines_is_no_list_a_decision_names(tmp_path: Path) -> None:
    identity = ListIdentity("blocks", SetKind.WIRELESS_BLOCK, Instant(7))
    index = NumberIndex.open(written(tmp_path / "a.idx", [12125550123], identity))
    with pytest.raises(ValueError, match="WIRELESS_BLOCK"):
        _ = index.version


def test_a_list_of_no_numbers(tmp_path: Path) -> None:
    index = NumberIndex.open(written(tmp_path / "a.idx", []))
    assert len(index) == 0
    assert "+12125550123" not in index
    assert "+442079460123" not in index
    assert not index.contains_many(np.array([12125550123, 44], dtype=np.uint64)).any()


@pytest.mark.parametrize("text", ["", "+", "+1 212 555 0123", "+1212555O123", "+1_2", "+²", "-5"])
def test_what_is_no_number_is_not_said_to_be_absent(tmp_path: Path, text: str) -> None:
    index = NumberIndex.open(written(tmp_path / "a.idx", [12125550123]))
    with pytest.raises(ValueError, match=r"no E\.164 number"):
        _ = text in index


def test_an_area_code_without_entries_takes_nothing(tmp_path: Path) -> None:
    few = written(tmp_path / "few.idx", [12125550123, 12125550124])
    more = written(tmp_path / "more.idx", [12125550123, 12125550124, 13055550123])
    assert few.stat().st_size < 70_000
    assert more.stat().st_size - few.stat().st_size < 30_000


def test_a_large_body_is_hashed_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.idx", [12125550123])
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OperatorError, match="numbers have been changed"):
        NumberIndex.open(path)
    monkeypatch.setattr(index_module, "CHECKED_AT_OPEN", 0)
    index = NumberIndex.open(path)
    with pytest.raises(OperatorError, match="numbers have been changed"):
        index.verify()


@pytest.mark.parametrize("content", [b"", b"DIALDNC\n", b"NPA,number\n" * 100])
def test_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.idx"
    path.write_bytes(content)
    with pytest.raises(OperatorError, match=r"a\.idx"):
        NumberIndex.open(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        NumberIndex.open(tmp_path / "missing.idx")
