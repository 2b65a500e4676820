"""What the service and a SIP worker say to each other, and how it is framed.

One stream socket joins them. A message is a 4-byte big-endian length and that many bytes of JSON:
an array of the message's name and its fields in order. JSON and not pickle: a worker parses what
strangers send it, and must not be able to run code in the service whatever becomes of it.

Moments are `time.monotonic()` seconds of the worker: on one machine every process reads the same
clock, so that an answer or a verdict carries its own moment and not that of its delivery.
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, fields
from typing import Any, get_args

# --- service to worker ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Send an INVITE to the SIP URI `target` with the From header `caller`. With `detect`, listen
    from the first media on."""

    leg: int
    target: str
    caller: str
    detect: bool


@dataclass(frozen=True, slots=True)
class EndCall:
    """CANCEL or BYE, whichever the leg's state asks for."""

    leg: int


@dataclass(frozen=True, slots=True)
class Join:
    """Connect two answered legs of this worker. A file name that is not "" is a WAV file to write:
    what that leg is sent."""

    bridge: int
    lead_leg: int
    agent_leg: int
    lead_hears: str
    agent_hears: str


@dataclass(frozen=True, slots=True)
class Patch:
    """Connect an answered leg of this worker to the datagram socket that travels with this message;
    the other end of it is with the worker that has the other leg. `beep` for the agent's side."""

    bridge: int
    leg: int
    beep: bool
    hears: str


@dataclass(frozen=True, slots=True)
class Part:
    """Take the bridge down; legs stay."""

    bridge: int


@dataclass(frozen=True, slots=True)
class Play:
    """Play a WAV file to the leg once."""

    leg: int
    file: str


@dataclass(frozen=True, slots=True)
class Pulse:
    """Are you there?"""

    number: int


@dataclass(frozen=True, slots=True)
class Leave:
    """Hang up every leg, say so, exit."""


# --- worker to service ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: version of the SIP library, calls it was seen to hold, process id."""

    version: str
    capacity: int
    pid: int


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to Pulse."""

    number: int


@dataclass(frozen=True, slots=True)
class Progressed:
    leg: int
    status: int
    early_media: bool
    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    leg: int
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """`tone` is the value of a `dialer.model.calls.Tone`."""

    leg: int
    tone: str
    at: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """The far end pressed a key: `digit` is one of 0-9, *, #, A-D."""

    leg: int
    digit: str
    at: float


@dataclass(frozen=True, slots=True)
class Judged:
    """The detector's answer; `kind` is the value of a `VerdictKind`."""

    leg: int
    kind: str
    confidence: float
    elapsed_ms: int
    rule: str
    greeting_ended_at: float | None
    features: tuple[tuple[str, float], ...]
    at: float


@dataclass(frozen=True, slots=True)
class Joined:
    """This worker's part of the bridge carries audio from `at` on."""

    bridge: int
    at: float


@dataclass(frozen=True, slots=True)
class Played:
    leg: int
    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is gone. If it `lingers`, its channel is still taken and Freed will follow: the far
    end has not answered our CANCEL or BYE, or has said nothing at all, so that there was nothing
    to cancel (RFC 3261, 9.1)."""

    leg: int
    status: int
    q850: int | None
    reason: str
    lingers: bool
    at: float


@dataclass(frozen=True, slots=True)
class Freed:
    """The channel of a leg that lingered is free."""

    leg: int


@dataclass(frozen=True, slots=True)
class Turned:
    """The library had no channel for the leg; no INVITE left this machine."""

    leg: int


Order = PlaceCall | EndCall | Join | Patch | Part | Play | Pulse | Leave
News = Progressed | Answered | Heard | Pressed | Judged | Joined | Played | Ended | Freed | Turned
"""What a worker reports about legs and bridges."""
Report = Hello | Beat | News
Message = Order | Report

LONGEST = 1 << 20
"""Bytes a message may have: far beyond any real one; more means the stream is not ours."""

_LENGTH_BYTES = 4
_BY_NAME: dict[str, type[Message]] = {kind.__name__: kind for kind in get_args(Message)}


class WireFault(Exception):
    """The other side sent bytes that are no message of ours."""


def encode(message: Message) -> bytes:
    body = json.dumps([type(message).__name__, *astuple(message)], separators=(",", ":")).encode()
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def _decode(body: bytes) -> Message:
    try:
        name, *values = json.loads(body)
        kind = _BY_NAME[name]
        wanted = fields(kind)
        if len(values) != len(wanted):
            raise ValueError(f"{len(values)} fields")
        return kind(
            *(_field(str(each.type), got) for each, got in zip(wanted, values, strict=True))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WireFault(f"not a message: {body[:200]!r} ({error})") from error


def _field(wanted: str, got: Any) -> Any:
    """`got`, if it is what the annotation `wanted` says."""
    match wanted, got:
        case ("bool", bool()) | ("str", str()) | (("int | None" | "float | None"), None):
            return got
        case ("int" | "int | None", int()) if not isinstance(got, bool):
            return got
        case ("float" | "float | None", float()):
            return got
        case ("tuple[tuple[str, float], ...]", list()):
            return tuple((str(name), float(value)) for name, value in got)
    raise ValueError(f"{got!r} is no {wanted}")


class Decoder:
    """Turns the stream, in whatever pieces it arrives, back into messages."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by `data`. Raises WireFault where the bytes are no message."""
        self._pending += data
        messages: list[Message] = []
        while len(self._pending) >= _LENGTH_BYTES:
            length = int.from_bytes(self._pending[:_LENGTH_BYTES], "big")
            if length > LONGEST:
                raise WireFault(f"a message of {length} bytes was announced")
            end = _LENGTH_BYTES + length
            if len(self._pending) < end:
                break
            messages.append(_decode(bytes(self._pending[_LENGTH_BYTES:end])))
            del self._pending[:end]
        return messages
