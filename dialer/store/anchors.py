"""Checkpoints are taken out of the house's reach: to a file, the system log, an address elsewhere.

Each place has a queue and a task of its own: one that fails is tried again with back-off and holds
up neither the others nor anything else. That it fails is an alarm, said once; what could not be
delivered waits (the newest `WAITING`). A checkpoint covers everything before it, so a place that
missed some is whole again with the next.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx
import trio

from dialer.audit.stamps import QUERY_TYPE, BadStamp, read_stamp, stamp_request
from dialer.model.errors import JournalFault

WAITING = 1_000
TIMEOUT_S = 10.0
FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
LAST_WORDS_S = 5.0
"""How long what is left may take once the service ends."""
STAMP_EVERY_S = 3600.0

SYSLOG = "syslog"
SYSLOG_SOCKET = "/dev/log"
AUTHPRIV_NOTICE = 10 * 8 + 5
"""Facility and severity of a line in the system log (RFC 5424, section 6.2.1)."""

Alarm = Callable[[str, str], None]
"""Told an alarm's name and text; never waits."""


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; made once, it takes a while."""
    return httpx.create_ssl_context()


class Place(Protocol):
    """Where checkpoints go."""

    @property
    def name(self) -> str:
        """As the operator wrote it."""

    async def put(self, note: str) -> None:
        """Raises OSError or httpx.HTTPError where it cannot."""


class FilePlace:
    """A file that grows by each note; on a medium its keepers cannot write, if it is to prove."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def name(self) -> str:
        return str(self._file)

    async def put(self, note: str) -> None:
        await trio.to_thread.run_sync(self._append, note, abandon_on_cancel=True)

    def _append(self, note: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{note}\n")
            file.flush()
            os.fsync(file.fileno())


class SyslogPlace:
    """The system log: one line a note, as JSON."""

    def __init__(self, address: str = SYSLOG_SOCKET) -> None:
        self._address = address

    @property
    def name(self) -> str:
        return f"{SYSLOG}:{self._address}"

    async def put(self, note: str) -> None:
        told = json.dumps({"checkpoint": note}, separators=(",", ":"))  # ASCII, as logs like it
        line = f"<{AUTHPRIV_NOTICE}>dialer: {told}"
        with trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            with trio.fail_after(TIMEOUT_S):
                await log.connect(self._address)
                await log.send(line.encode())


class HttpPlace:
    """An address that takes notes by POST and answers with a 2xx."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def name(self) -> str:
        return without_password(self._url)

    async def put(self, note: str) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, verify=_trusted()) as client:
            answer = await client.post(
                self._url,
                content=note.encode(),
                headers={"content-type": "text/plain; charset=utf-8"},
            )
            answer.raise_for_status()


class StampPlace:
    """A time stamping authority (RFC 3161), asked at most every `STAMP_EVERY_S`; `keep` is told
    the note and the authority's response."""

    def __init__(self, url: str, keep: Callable[[str, bytes], Awaitable[None]]) -> None:
        self._url = url
        self._keep = keep
        self._next_at = -float("inf")

    @property
    def name(self) -> str:
        return f"time stamps of {without_password(self._url)}"

    async def put(self, note: str) -> None:
        if trio.current_time() < self._next_at:
            return
        asked = stamp_request(note)
        async with httpx.AsyncClient(timeout=TIMEOUT_S, verify=_trusted()) as client:
            answer = await client.post(
                self._url, content=asked.as_bytes(), headers={"content-type": QUERY_TYPE}
            )
            answer.raise_for_status()
        try:
            read_stamp(note, answer.content, asked)
        except BadStamp as error:
            raise OSError(f"what it sent is no time stamp: {error}") from error
        await self._keep(note, answer.content)
        self._next_at = trio.current_time() + STAMP_EVERY_S


def without_password(url: str) -> str:
    """An address as it may stand in logs."""
    return str(httpx.URL(url).copy_with(userinfo=b""))


def is_file(text: str) -> bool:
    """Whether a place an operator named is a file."""
    return text != SYSLOG and not text.startswith((f"{SYSLOG}:", "http://", "https://"))


def place_of(text: str) -> Place:
    """The place an operator named: `syslog`, `syslog:SOCKET`, an http(s) URL, or a file."""
    if text == SYSLOG:
        return SyslogPlace()
    if text.startswith(f"{SYSLOG}:"):
        return SyslogPlace(text.removeprefix(f"{SYSLOG}:"))
    return FilePlace(Path(text)) if is_file(text) else HttpPlace(text)


class AnchorState(NamedTuple):
    """How deliveries to a place stand: the newest note it took, how many wait, and why the last
    attempt failed ("" where it did not)."""

    place: str
    delivered: str | None
    waiting: int
    failing: str


class Anchors:
    """Delivers every note it takes to every place."""

    def __init__(self, places: Sequence[Place], alarm: Alarm) -> None:
        self._deliveries = [_Delivery(place, alarm) for place in places]

    def take(self, note: str) -> None:
        """A checkpoint was made. Never waits."""
        for delivery in self._deliveries:
            delivery.take(note)

    def states(self) -> tuple[AnchorState, ...]:
        """How it stands with each place."""
        return tuple(delivery.state() for delivery in self._deliveries)

    def close(self) -> None:
        """There are no more: `run` ends once all is delivered, or after `LAST_WORDS_S`."""
        for delivery in self._deliveries:
            delivery.close()

    async def run(self) -> None:
        """Deliver until closed."""
        async with trio.open_nursery() as nursery:
            for delivery in self._deliveries:
                nursery.start_soon(delivery.run)


class _Delivery:
    """One place's queue."""

    def __init__(self, place: Place, alarm: Alarm) -> None:
        self._place = place
        self._alarm = alarm
        self._notes: deque[str] = deque(maxlen=WAITING)
        self._came = trio.Event()
        self._closed = trio.Event()
        self._failing = ""
        self._delivered: str | None = None

    def state(self) -> AnchorState:
        return AnchorState(self._place.name, self._delivered, len(self._notes), self._failing)

    def take(self, note: str) -> None:
        self._notes.append(note)
        self._came.set()

    def close(self) -> None:
        self._closed.set()
        self._came.set()

    async def run(self) -> None:
        retry_s = FIRST_RETRY_S
        with trio.CancelScope() as ending:
            while True:
                if self._closed.is_set() and ending.deadline == float("inf"):
                    ending.deadline = trio.current_time() + LAST_WORDS_S
                if not self._notes:
                    if self._closed.is_set():
                        return
                    self._came = trio.Event()
                    await self._came.wait()
                    continue
                if await self._deliver(self._notes[0]):
                    retry_s = FIRST_RETRY_S
                    continue
                with trio.move_on_after(retry_s):
                    await self._closed.wait()
                    await trio.sleep(min(retry_s, FIRST_RETRY_S))
                retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _deliver(self, note: str) -> bool:
        try:
            await self._place.put(note)
        except (OSError, httpx.HTTPError, trio.TooSlowError, JournalFault) as error:
            known = bool(self._failing)
            self._failing = str(error) or type(error).__name__
            if not known:
                self._alarm(
                    "anchor_failed",
                    f"Checkpoints of the journal cannot be taken to {self._place.name}: "
                    f"{self._failing}. Calls go on; until it works again, nothing "
                    "outside this machine vouches for what is written.",
                )
            return False
        self._failing = ""
        self._delivered = note
        if self._notes and self._notes[0] is note:
            self._notes.popleft()
        return True
