"""Checkpoints: signed notes, spelled one way only, and found again where they were collected."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from dialer.audit.checkpoints import (
    Checkpoint,
    NoCheckpoint,
    Signer,
    Witness,
    notes_in,
    read_body,
)
from dialer.model.instant import Instant

SIGNER = Signer(bytes(range(32)))
WITNESS = SIGNER.witness
AT = Instant(1_795_000_000_123)
ROOT = hashlib.sha256(b"root").digest()
HEAD = hashlib.sha256(b"head").hexdigest()
NOTE = SIGNER.checkpoint(1_000, ROOT, HEAD, AT)


def test_a_checkpoint_reads_as_it_was_signed() -> None:
    said = WITNESS.checkpoint(NOTE)
    assert said == Checkpoint(WITNESS.origin, 1_000, ROOT, HEAD, AT)
    assert (said.end.entries, said.end.hash) == (1_000, HEAD)


def test_a_checkpoint_can_be_checked_by_hand() -> None:
    body, _, line = NOTE.partition("\n\n")
    assert body.splitlines() == [
        WITNESS.origin,
        "1000",
        base64.b64encode(ROOT).decode(),
        f"head {HEAD}",
        "at 2026-11-18T11:06:40.123Z",
    ]
    name, key_id, key = str(WITNESS).split("+", 2)
    public = base64.b64decode(key)[1:]
    assert name == f"dialer/{hashlib.sha256(public).hexdigest()[:16]}"
    dash, origin, coded = line.split()
    signed = base64.b64decode(coded)
    assert (dash, origin, signed[:4].hex()) == ("—", name, key_id)
    assert hashlib.sha256(f"{name}\n".encode() + b"\x01" + public).hexdigest()[:8] == key_id
    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], f"{body}\n".encode())


def test_no_byte_of_a_checkpoint_can_be_changed() -> None:
    raw = NOTE.encode()
    for place in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[place] ^= 1 << bit
            with pytest.raises((NoCheckpoint, UnicodeDecodeError)):
                WITNESS.checkpoint(changed.decode())


def test_a_byte_more_or_less_is_found() -> None:
    for place in range(len(NOTE)):
        with pytest.raises(NoCheckpoint):
            WITNESS.checkpoint(NOTE[:place] + NOTE[place + 1 :] + " " * (place == len(NOTE) - 1))
        with pytest.raises(NoCheckpoint):
            WITNESS.checkpoint(f"{NOTE[:place]}x{NOTE[place:]}")


def test_another_key_is_not_ours() -> None:
    other = Signer(bytes(32))
    with pytest.raises(NoCheckpoint, match="not signed by"):
        WITNESS.checkpoint(other.checkpoint(1_000, ROOT, HEAD, AT))
    forged = other.sign(Checkpoint(WITNESS.origin, 1_000, ROOT, HEAD, AT).body)
    with pytest.raises(NoCheckpoint, match="not signed by"):
        WITNESS.checkpoint(forged)
    with pytest.raises(NoCheckpoint, match="not signed by"):
        WITNESS.checkpoint(forged.replace(other.witness.origin, WITNESS.origin))


def test_what_we_signed_but_is_no_checkpoint_of_ours() -> None:
    with pytest.raises(NoCheckpoint, match="does not read like"):
        WITNESS.checkpoint(SIGNER.sign("good morning\n"))
    with pytest.raises(NoCheckpoint, match="is about somebody"):
        WITNESS.checkpoint(SIGNER.sign(Checkpoint("somebody", 1, ROOT, HEAD, AT).body))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n1000\n", "\n01000\n"),
        ("\n1000\n", "\n-1\n"),
        ("2026-11-18", "2026-13-18"),
        ("2026-11-18", "2026-11-31"),
        ("123Z", "123+00:00"),
        ("head ", "head  "),
    ],
)
def test_a_checkpoint_has_one_spelling(before: str, after: str) -> None:
    body = WITNESS.checkpoint(NOTE).body
    assert before in body
    with pytest.raises(NoCheckpoint):
        read_body(body.replace(before, after))


def test_a_public_key_is_read_from_its_line() -> None:
    assert Witness.parse(f"{WITNESS}\n") == WITNESS
    assert hash(Witness.parse(str(WITNESS))) == hash(WITNESS)
    assert Signer(bytes(32)).witness != WITNESS


@pytest.mark.parametrize(
    "text", ["", "a+b+c", str(WITNESS)[1:], str(WITNESS)[:-4], f"{WITNESS}!", "dialer/x"]
)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(NoCheckpoint):
        Witness.parse(text)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**6), st.sampled_from(["note", "syslog", "junk", "blank", "half"])
        ),
        max_size=6,
    )
)
def test_notes_are_found_where_they_were_collected(kept: list[tuple[int, str]]) -> None:
    text, expected = "", []
    for size, how in kept:
        note = SIGNER.checkpoint(size, ROOT, HEAD, AT)
        match how:
            case "note":
                text += f"{note}\n"
                expected.append(note)
            case "syslog":
                text += f"Nov 18 host dialer[7]: {json.dumps({'checkpoint': note})}\n"
                expected.append(note)
            case "junk":
                text += 'once upon a time\n— not a signature\n{"checkpoint": 3}\n{"checkpoint": \n'
            case "blank":
                text += "\n\n"
            case _:
                text += note[:40].rstrip() + "\n\n"
    assert list(notes_in(text)) == expected
    for note in expected:
        WITNESS.checkpoint(note)
