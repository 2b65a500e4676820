"""Checkpoints leave the house by every door the operator named, and a shut door stops nothing."""

from __future__ import annotations

import io
import socket
import subprocess
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from dialer.audit.bundle import verify_bundle
from dialer.audit.checkpoints import Signer, notes_in
from dialer.audit.stamps import BadStamp, read_stamp, stamp_request
from dialer.model.instant import Instant
from dialer.service.anchoring import anchoring
from dialer.store import anchors as module
from dialer.store.anchors import (
    Anchors,
    FilePlace,
    HttpPlace,
    Place,
    StampPlace,
    SyslogPlace,
    is_file,
    place_of,
)
from dialer.store.bundles import Wanted
from dialer.store.sqlite import SqlStore
from tests.unit.store.audited import kept_journal, tamper

SIGNER = Signer(bytes(32))
PATIENCE_S = 20.0
AUTHORITY = """
[req]
distinguished_name = dn
prompt = no
x509_extensions = stamping
[dn]
CN = An invented time stamping authority
[stamping]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_cert = {folder}/cert.pem
signer_key = {folder}/key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
"""


def note(size: int) -> str:
    return SIGNER.checkpoint(size, bytes(32), "0" * 64, Instant(1_795_000_000_000))


class Alarms:
    """What was raised."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, name: str, text: str) -> None:
        assert name == "anchor_failed"
        self.texts.append(text)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(module, "LAST_RETRY_S", 0.02)
    monkeypatch.setattr(module, "LAST_WORDS_S", PATIENCE_S)
    monkeypatch.setattr(module, "WAITING", 20)


@pytest.fixture
def curt(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For places that never work."""
    monkeypatch.setattr(module, "LAST_WORDS_S", 0.2)


async def delivered(place: Place, notes: list[str], alarm: Alarms) -> None:
    """Take notes while running, and end."""
    anchors = Anchors([place], alarm)
    with trio.fail_after(PATIENCE_S):
        async with anchoring(anchors):
            for each in notes:
                anchors.take(each)


@asynccontextmanager
async def answering(
    answer: Callable[[bytes], bytes], status: Callable[[], str] = lambda: "200 OK"
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A web server on this machine: its address, and what was posted to it."""
    posted: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            raw = b""
            while b"\r\n\r\n" not in raw:
                raw += await stream.receive_some()
            head, _, body = raw.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            while len(body) < length:
                body += await stream.receive_some()
            posted.append(body)
            said = answer(body)
            lines = (
                f"HTTP/1.1 {status()}\r\nContent-Length: {len(said)}\r\nConnection: close\r\n\r\n"
            )
            await stream.send_all(lines.encode() + said)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        yield f"http://127.0.0.1:{port}/checkpoints", posted
        nursery.cancel_scope.cancel()


async def test_a_file_grows_by_every_note(tmp_path: Path) -> None:
    file, alarm = tmp_path / "kept.txt", Alarms()
    await delivered(FilePlace(file), [note(1), note(2)], alarm)
    await delivered(FilePlace(file), [note(3)], alarm)
    assert list(notes_in(file.read_text())) == [note(1), note(2), note(3)]
    assert alarm.texts == []


async def test_the_system_log_gets_a_line_each(tmp_path: Path) -> None:
    address, alarm = tmp_path / "log", Alarms()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(address))
        await delivered(SyslogPlace(str(address)), [note(1), note(2)], alarm)
        lines = [log.recv(4_096).decode("ascii") for _ in range(2)]
    assert all(line.startswith("<85>dialer: {") and "\n" not in line for line in lines)
    told = "".join(f"Nov 22 01:02:03 host {line}\n" for line in lines)
    assert list(notes_in(told)) == [note(1), note(2)]
    assert alarm.texts == []


async def test_an_address_gets_them_by_post() -> None:
    alarm = Alarms()
    async with answering(lambda body: b"thanks") as (url, posted):
        await delivered(HttpPlace(url), [note(1), note(2)], alarm)
    assert [body.decode() for body in posted] == [note(1), note(2)]
    assert alarm.texts == []


async def test_a_place_that_fails_is_an_alarm_once_and_gets_everything_later() -> None:
    answers = iter(["503 Busy", "500 No", *["200 OK"] * 9])
    alarm = Alarms()
    async with answering(lambda body: b"", lambda: next(answers)) as (url, posted):
        await delivered(HttpPlace(url), [note(1), note(2)], alarm)
    assert [body.decode() for body in posted] == [note(1), note(1), note(1), note(2)]
    (text,) = alarm.texts
    assert "503" in text
    assert "Calls go on" in text


async def test_a_shut_door_holds_up_neither_the_others_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = Alarms()
    monkeypatch.setattr(module, "LAST_WORDS_S", 1.0)
    shut = FilePlace(tmp_path / "no" / "such" / "folder.txt")
    anchors = Anchors([shut, FilePlace(tmp_path / "kept.txt")], alarm)
    with trio.fail_after(PATIENCE_S):
        async with anchoring(anchors):
            for size in range(1, module.WAITING + 100):
                anchors.take(note(size % 7 + 1))
    assert len(alarm.texts) == 1
    assert str(tmp_path / "no") in alarm.texts[0]
    kept = list(notes_in((tmp_path / "kept.txt").read_text()))
    assert kept[-1] == note((module.WAITING + 99) % 7 + 1)


async def test_nobody_there(curt: None) -> None:
    alarm = Alarms()
    await delivered(SyslogPlace("/nowhere/log"), [note(1)], alarm)
    await delivered(HttpPlace("http://mia:secret@127.0.0.1:1/"), [note(1)], alarm)
    assert len(alarm.texts) == 2
    assert "secret" not in alarm.texts[1]


def test_places_are_known_by_how_they_are_written() -> None:
    assert isinstance(place_of("syslog"), SyslogPlace)
    assert place_of("syslog:/run/log").name == "syslog:/run/log"
    assert isinstance(place_of("https://example.com/x"), HttpPlace)
    assert isinstance(place_of("/mnt/safe/kept.txt"), FilePlace)
    assert [is_file(text) for text in ("syslog", "http://x", "https://x", "a")] == [
        False,
        False,
        False,
        True,
    ]


# --- time stamps ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a time stamping authority made for these tests."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "tsa.cnf").write_text(AUTHORITY.format(folder=folder))
    (folder / "serial").write_text("01\n")
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]
    openssl(folder, "req", "-x509", "-days", "2", "-config", "tsa.cnf", *key)
    return folder


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def stamped(folder: Path, query: bytes) -> bytes:
    (folder / "query.tsq").write_bytes(query)
    openssl(
        folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr"
    )
    return (folder / "reply.tsr").read_bytes()


async def test_a_checkpoint_is_stamped_once_an_hour(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[str, bytes]] = []
    alarm = Alarms()

    async def keep(of: str, response: bytes) -> None:
        kept.append((of, response))

    async with answering(partial(stamped, authority)) as (url, posted):
        place = StampPlace(url, keep)
        await delivered(place, [note(1), note(2)], alarm)
        assert len(posted) == 1
        monkeypatch.setattr(module, "STAMP_EVERY_S", 0.0)
        await delivered(StampPlace(url, keep), [note(3), note(4)], alarm)
    assert alarm.texts == []
    assert [of for of, _ in kept] == [note(1), note(3), note(4)]
    (authority / "note.txt").write_text(note(1))
    (authority / "reply.tsr").write_bytes(kept[0][1])
    verify = ["-verify", "-in", "reply.tsr", "-data", "note.txt", "-CAfile", "cert.pem"]
    openssl(authority, "ts", *verify)
    assert read_stamp(note(1), kept[0][1]) > 1_700_000_000_000


async def test_what_is_no_stamp_is_not_kept(authority: Path, curt: None) -> None:
    kept: list[str] = []
    alarm = Alarms()

    async def keep(of: str, response: bytes) -> None:
        kept.append(of)

    other = stamped(authority, stamp_request(note(9)).as_bytes())
    for answer in (b"", b"no stamps today", other):
        async with answering(lambda body, said=answer: said) as (url, _):  # type: ignore[misc]
            await delivered(StampPlace(url, keep), [note(1)], alarm)
    assert (kept, len(alarm.texts)) == ([], 3)


def test_a_stamp_is_of_one_text(authority: Path) -> None:
    asked = stamp_request(note(1))
    response = stamped(authority, asked.as_bytes())
    assert read_stamp(note(1), response, asked) == read_stamp(note(1), response)
    with pytest.raises(BadStamp, match="of another text"):
        read_stamp(note(2), response)
    with pytest.raises(BadStamp, match="nonce"):
        read_stamp(note(1), response, stamp_request(note(1)))
    with pytest.raises(BadStamp, match="no time stamp"):
        read_stamp(note(1), response[:-1])
    refused = stamped(authority, asked.as_bytes().replace(b"\x01", b"\x02", 1))
    with pytest.raises(BadStamp):
        read_stamp(note(1), refused)


def test_a_stamp_goes_with_its_checkpoint(authority: Path, tmp_path: Path) -> None:
    store, notes = kept_journal(tmp_path, 30)
    response = stamped(authority, stamp_request(notes[0]).as_bytes())

    async def keep() -> None:
        again = SqlStore(tmp_path / "dialer.db", lambda event: None)
        async with trio.open_nursery() as nursery:
            await nursery.start(again.run)
            await again.keep_stamp(notes[0], response)
            nursery.cancel_scope.cancel()

    trio.run(keep)
    assert trio.run(store.verify).verified
    file = io.BytesIO()
    trio.run(store.export, Wanted(None, None, False, "mia"), Instant(1_795_000_000_000), file)
    assert verify_bundle(file).verification.verified
    with zipfile.ZipFile(file) as archive:
        assert archive.read("stamps/20.tsr") == response
    tamper(tmp_path, "UPDATE checkpoint SET stamp = (SELECT max(stamp) FROM checkpoint)")
    assert "of another text" in trio.run(store.verify).why
    trio.run(store.export, Wanted(None, None, False, "mia"), Instant(1), file := io.BytesIO())
    assert "of another text" in verify_bundle(file).verification.why
