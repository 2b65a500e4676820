from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.carrier.sip.wire import LONGEST, Decoder, Hello, Message, Pulse, WireFault, encode

MESSAGES: st.SearchStrategy[Message] = st.one_of(
    *(st.from_type(kind) for kind in get_args(Message))
).filter(lambda message: b"NaN" not in encode(message))  # NaN is no moment


def in_pieces(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


@given(st.lists(MESSAGES, max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_what_is_encoded_is_decoded_however_the_stream_is_cut(
    messages: list[Message], cuts: list[int]
) -> None:
    decoder = Decoder()
    stream = b"".join(map(encode, messages))
    decoded = [message for piece in in_pieces(stream, cuts) for message in decoder.feed(piece)]
    assert decoded == messages
    assert [type(message) for message in decoded] == [type(message) for message in messages]
    assert all(hash(message) is not None for message in decoded)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_a_fault_or_nothing_yet_but_never_another_error(noise: bytes) -> None:
    framed = len(noise).to_bytes(4, "big") + noise
    for stream in (noise, framed):
        try:
            Decoder().feed(stream)
        except WireFault:
            continue


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b"{}",
        b'["Shout", 1]',
        b'["Pulse"]',
        b'["Pulse", 1, 2]',
        b'["Pulse", "1"]',
        b'["Pulse", true]',
        b'["Answered", 1, null]',
        b'["Judged", 1, "HUMAN", 1.0, 1, "r", null, 3, 1.0]',
        b'[["Pulse"], 1]',
        b"\xff\xfe",
    ],
)
def test_a_well_framed_body_that_is_no_message_is_a_fault(body: bytes) -> None:
    with pytest.raises(WireFault):
        Decoder().feed(len(body).to_bytes(4, "big") + body)


def test_an_absurd_length_is_a_fault_before_anything_is_kept() -> None:
    with pytest.raises(WireFault, match=str(LONGEST + 1)):
        Decoder().feed((LONGEST + 1).to_bytes(4, "big"))


def test_the_form_on_the_wire() -> None:
    encoded = encode(Hello("2.15.1", 4, 77))
    assert json.loads(encoded[4:]) == ["Hello", "2.15.1", 4, 77]
    assert len(encoded) == 4 + int.from_bytes(encoded[:4], "big")


def test_every_message_has_fields_that_json_keeps() -> None:
    allowed = {"int", "str", "bool", "float", "int | None", "float | None"}
    for kind in get_args(Message):
        for field in fields(kind):
            assert str(field.type) in allowed or field.name == "features", (kind, field.name)


def test_a_fault_names_what_was_found() -> None:
    with pytest.raises(WireFault, match="Shout"):
        body = b'["Shout", 1]'
        Decoder().feed(len(body).to_bytes(4, "big") + body)
    assert Decoder().feed(encode(Pulse(3))) == [Pulse(3)]
