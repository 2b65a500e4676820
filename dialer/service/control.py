"""The control socket: how commands on this machine reach the running service.

`<data>/control.sock` is a Unix socket that only the service's own user may open (mode 0600). A line
is a JSON object, and so is its answer: `{"do": "dnc_add", ...}` is answered with `{"done": {...}}`
once what was asked is in force and in the journal, or with `{"problem": {...}}` that says what will
not do. Who asked is read from the socket (SO_PEERCRED), not from what they say.

A request added here is in force on every service that shares this one's store. A service with a
database of its own is a node of its own: each has to be told.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import trio
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import RejectedRow
from dialer.model.record_files import RecordKind, RecordsReport
from dialer.model.records import RequestChannel
from dialer.model.suppression import InForce
from dialer.web.office import OfficeBusy

NAME = "control.sock"
LONGEST = 64 * 1024
"""Bytes a line may have."""
ANSWER_S = 30.0
"""How long a command waits for its answer."""
IMPORT_ANSWER_S = 1_800.0
"""The same for a file of records."""


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DncAdd(_Words):
    """See `Office.add_dnc`; `received_at` in UTC ms."""

    do: Literal["dnc_add"] = "dnc_add"
    number: str
    seller: str = ""
    affiliates: bool = False
    channel: RequestChannel
    asked_by: str
    evidence: str
    received_at: int | None = None


class DncRemove(_Words):
    """See `Office.remove_dnc`."""

    do: Literal["dnc_remove"] = "dnc_remove"
    number: str
    seller: str = ""
    because: str
    evidence: str


class Emergency(_Words):
    """See `Office.emergency`."""

    do: Literal["emergency_set", "emergency_clear"]
    state: str
    because: str


class ExportJournaled(_Words):
    """A bundle of the journal was written by a command: the keys of EXPORTED, `by` left out."""

    do: Literal["export_journaled"] = "export_journaled"
    data: dict[str, Any]


class RecordsImport(_Words):
    """See `Office.import_records`; the paths are absolute, on this machine."""

    do: Literal["records_import"] = "records_import"
    kind: RecordKind
    file: str
    seller: str = ""
    profile: str | None = None


Ask = DncAdd | DncRemove | Emergency | ExportJournaled | RecordsImport
_ASK: TypeAdapter[Ask] = TypeAdapter(Annotated[Ask, Field(discriminator="do")])


class Officer(Protocol):
    """The part of the service's office that the socket needs."""

    def now(self) -> Instant: ...

    async def add_dnc(
        self,
        number: str,
        *,
        seller: str,
        affiliates: bool,
        channel: RequestChannel,
        asked_by: str,
        evidence: str,
        received_at: Instant | None,
        by: str,
    ) -> InForce: ...

    async def remove_dnc(
        self, number: str, *, seller: str, because: str, evidence: str, by: str
    ) -> InForce: ...

    async def emergency(self, state: str, *, on: bool, because: str, by: str) -> InForce: ...

    async def write_down(self, entry: JournalEntry) -> None: ...

    async def import_records(
        self, file: Path, kind: RecordKind, seller: str, profile: Path | None, by: str
    ) -> RecordsReport: ...


class ControlSocket:
    """Serves the socket in the folder `data` while `run` runs."""

    def __init__(self, data: Path, office: Officer) -> None:
        self._data = data
        self._office = office

    async def run(
        self,
        *,
        task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve until cancelled. A socket left behind by a service that died is replaced: whoever
        runs this holds the right to write the database, so nobody else can be serving it."""
        with _address(self._data) as address:
            with suppress(FileNotFoundError):
                (self._data / NAME).unlink()
            listener = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            await listener.bind(address)
            (self._data / NAME).chmod(0o600)  # nobody can have connected: it does not listen yet
            listener.listen()
        try:
            await trio.serve_listeners(
                self._serve, [trio.SocketListener(listener)], task_status=task_status
            )
        finally:
            with suppress(FileNotFoundError):
                (self._data / NAME).unlink()

    async def _serve(self, stream: trio.SocketStream) -> None:
        asker = f"{_peer(stream)} (command)"
        pending = bytearray()
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with stream:
                async for piece in stream:
                    pending += piece
                    while (end := pending.find(b"\n")) >= 0:
                        line = bytes(pending[:end])
                        del pending[: end + 1]
                        answer = await self._answer(line, asker)
                        await stream.send_all(json.dumps(answer).encode() + b"\n")
                    if len(pending) > LONGEST:
                        return

    async def _answer(self, line: bytes, asker: str) -> dict[str, Any]:
        try:
            return {"done": asdict(await self._do(_ASK.validate_json(line), asker))}
        except ValidationError as error:
            found = error.errors()[0]
            field = ".".join(str(part) for part in found["loc"]) or "request"
            return {"problem": asdict(Problem(field, None, found["msg"]))}
        except OperatorError as error:
            return {"problem": asdict(error.problems[0])}
        except (OfficeBusy, JournalFault) as error:
            return {"problem": asdict(Problem("service", None, str(error)))}

    async def _do(self, ask: Ask, by: str) -> InForce | RecordsReport:
        match ask:
            case DncAdd():
                return await self._office.add_dnc(
                    ask.number,
                    seller=ask.seller,
                    affiliates=ask.affiliates,
                    channel=ask.channel,
                    asked_by=ask.asked_by,
                    evidence=ask.evidence,
                    received_at=None if ask.received_at is None else Instant(ask.received_at),
                    by=by,
                )
            case DncRemove():
                return await self._office.remove_dnc(
                    ask.number, seller=ask.seller, because=ask.because, evidence=ask.evidence, by=by
                )
            case Emergency():
                on = ask.do == "emergency_set"
                return await self._office.emergency(ask.state, on=on, because=ask.because, by=by)
            case ExportJournaled():
                entry = exported_entry(ask.data, self._office.now(), by)
                await self._office.write_down(entry)
                return InForce("export", entry.at, True)
            case RecordsImport():
                profile = None if ask.profile is None else Path(ask.profile)
                return await self._office.import_records(
                    Path(ask.file), ask.kind, ask.seller, profile, by
                )


def exported_entry(data: dict[str, JsonValue], now: Instant, by: str) -> JournalEntry:
    """That a bundle left the house, as the journal writes it."""
    return JournalEntry(EntryKind.EXPORTED, now, agent=by, data={**data, "by": by})


def _peer(stream: trio.SocketStream) -> str:
    """Who is at the other end, by the kernel's word."""
    size = struct.calcsize("3i")
    credentials = stream.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, uid, _ = struct.unpack("3i", credentials)
    return user_name(uid)


def user_name(uid: int) -> str:
    """A user of this machine, by name where they have one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@contextmanager
def _address(data: Path) -> Iterator[str]:
    """The socket's address, however long the folder's path is: an address has room for 107 bytes,
    so it goes by way of the open folder."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)


def ask_service(data: Path, ask: Ask) -> InForce | None:
    """Have the service that runs on `data` do something; None where none runs.

    Raises OperatorError with the service's words where it will not, or does not answer.
    """
    done = _done(data, ask, ANSWER_S)
    return None if done is None else InForce(**done)


def ask_to_import(data: Path, ask: RecordsImport) -> RecordsReport | None:
    """`ask_service` for a file of records, which may take its time."""
    done = _done(data, ask, IMPORT_ANSWER_S)
    if done is None:
        return None
    rejected = tuple(RejectedRow(**row) for row in done.pop("rejected"))
    return RecordsReport(**{**done, "kind": RecordKind(done["kind"])}, rejected=rejected)


def _done(data: Path, ask: Ask, patience_s: float) -> dict[str, Any] | None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as stream:
        try:
            with _address(data) as address:
                stream.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except PermissionError as error:
            raise OperatorError(
                Problem(
                    str(data / NAME),
                    None,
                    "only the user the service runs as may use its control socket",
                    "",
                    "Run the command as that user.",
                )
            ) from error
        stream.settimeout(patience_s)
        try:
            stream.sendall(ask.model_dump_json().encode() + b"\n")
            with stream.makefile("rb") as answers:
                answer = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            raise OperatorError(
                Problem(
                    str(data / NAME),
                    None,
                    "the service does not answer: whether it did what was asked is not known",
                    "",
                    "Look at the compliance page, or ask again: asking twice does no harm.",
                )
            ) from error
    if "problem" in answer:
        raise OperatorError(Problem(**answer["problem"]))
    return dict(answer["done"])
