"""Audio in frames of 20 ms, and the path they take from one worker to another.

8,000 samples a second, 16 bits, one channel: 160 samples, 320 bytes a frame.
"""

from __future__ import annotations

import ctypes
import socket
from collections import deque
from typing import Any

CLOCK_RATE = 8_000
FRAME_MS = 20
FRAME_BYTES = CLOCK_RATE * FRAME_MS // 1000 * 2
SILENCE = bytes(FRAME_BYTES)

CUSHION = 2
"""Frames a patch gathers before it plays, at its start and after it ran dry: the clocks of the two
processes tick alike but not together, and either may be late."""
MOST_WAITING = 5
"""Frames it holds at most; older ones are dropped, so that a hiccup does not stay as delay."""


def _data_address(vector: Any) -> int:
    """Where a SWIG byte vector keeps its bytes: the first word of the std::vector it wraps. Reading
    them in place costs a tenth of asking the vector element by element."""
    address: int | None = ctypes.c_void_p.from_address(int(vector.this)).value
    if address is None:
        raise ValueError("an empty byte vector has no data")
    return address


def bytes_of(frame: Any) -> bytes:
    """The samples of a pjsua2 MediaFrame; silence for one the stream had nothing for."""
    if frame.size != FRAME_BYTES:
        return SILENCE
    return ctypes.string_at(_data_address(frame.buf), FRAME_BYTES)


def fill(frame: Any, samples: bytes) -> None:
    """Put one frame of samples into a pjsua2 MediaFrame."""
    buffer = frame.buf
    buffer.resize(FRAME_BYTES)
    ctypes.memmove(_data_address(buffer), samples, FRAME_BYTES)
    frame.size = FRAME_BYTES


class PatchLink:
    """One end of a media path between two workers: frames as datagrams, late ones waited for a
    little, the rest made up for with silence. Closed until `open`, and again after `close`.

    `send` and `receive` are the media thread's and never block or raise; `open` and `close` are the
    loop's.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._playing = False

    def open(self, link: socket.socket) -> None:
        link.setblocking(False)
        self._waiting.clear()
        self._playing = False
        self._socket = link

    def close(self) -> None:
        link, self._socket = self._socket, None
        if link is not None:
            link.close()

    def send(self, frame: bytes) -> None:
        link = self._socket
        if link is None:
            return
        try:
            link.send(frame)
        except OSError:
            return  # the other end is slow or gone: this frame is lost, as on any network

    def receive(self) -> bytes:
        """The next frame to play."""
        link = self._socket
        try:
            while link is not None and (piece := link.recv(2 * FRAME_BYTES)):
                if len(piece) == FRAME_BYTES:
                    self._waiting.append(piece)
        except OSError:
            pass  # nothing more has arrived
        self._playing = len(self._waiting) >= (1 if self._playing else CUSHION)
        return self._waiting.popleft() if self._playing else SILENCE
