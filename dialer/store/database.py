"""The database file: who may open it, how, and that its schema is the one this version knows."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Engine, create_engine, event, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from dialer.audit.chain import Head
from dialer.audit.personal import PersonalKey, PersonalValue
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.store.keys import PERSONAL_KEY, make_secrets, personal_key
from dialer.store.tables import JOURNAL, JOURNAL_HEAD, PERSONAL

BUSY_S = 2.0
"""How long a statement waits for somebody else's lock before it fails."""

_MIGRATIONS = Path(__file__).parent / "migrations"


def writing_engine(path: Path) -> Engine:
    """The engine of the one writer: one connection, every transaction takes the write lock at its
    start, and a commit is on the disk when it returns (WAL, synchronous=FULL)."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own idea of when to begin is not ours
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(path: Path) -> Engine:
    """An engine for reports: a connection per question, which cannot write and sees what is
    committed as of its first look."""
    engine = create_engine(
        URL.create(
            "sqlite",
            database=f"file:{quote(str(path.absolute()))}",
            query={"mode": "ro", "uri": "true"},
        ),
        poolclass=NullPool,
        connect_args={"timeout": BUSY_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def sole_writer(path: Path) -> Iterator[None]:
    """Hold the right to write this database. Two writers would fork the hash chain.

    Raises OperatorError where another process (or this one) holds it already, or the folder cannot
    be written. The lock is the kernel's: it goes with the process, however that ends.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperatorError(
            Problem(
                str(path),
                None,
                f"the folder of the database cannot be written: {error.strerror}",
                str(lock),
                "Name a database in a folder that exists and that this user may write.",
            )
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            raise OperatorError(
                Problem(
                    str(path),
                    None,
                    f"process {holder or 'unknown'} is writing this database already",
                    "",
                    "Stop that service first, or give this one a database of its own: two writers "
                    "would break the journal's chain.",
                )
            ) from error
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def migrate(engine: Engine, path: Path) -> None:
    """Bring the schema up to date. Raises OperatorError where the file is no database of ours, or
    one of a newer version of this program."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise OperatorError(
            Problem(
                str(path),
                None,
                f"this version of the program does not know the database's schema: {error}",
                "",
                "Start the version that wrote it last, or a newer one.",
            )
        ) from error
    except DatabaseError as error:
        raise OperatorError(
            Problem(
                str(path),
                None,
                f"the database cannot be opened: {error.orig}",
                "",
                "Check that it is the dialer's database, that nothing else holds it, and that the "
                "disk has room.",
            )
        ) from error


def flush_log(path: Path) -> None:
    """Move what the write-ahead log holds into the database and empty it, so that what was erased
    is in neither. Where a reader still looks at an older state, that happens after it."""
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read_head(engine: Engine) -> Head:
    """The journal's head. Raises JournalFault where it is not the last entry's: entries have been
    cut off or put in, and nothing may be built on them."""
    with engine.begin() as connection:
        row = connection.execute(select(JOURNAL_HEAD.c.entries, JOURNAL_HEAD.c.hash)).one_or_none()
        head = Head() if row is None else Head(row.entries, row.hash)
        last = connection.execute(
            select(JOURNAL.c.seq, JOURNAL.c.hash).order_by(JOURNAL.c.seq.desc()).limit(1)
        ).one_or_none()
    found = Head() if last is None else Head(last.seq, last.hash)
    if head != found:
        raise JournalFault(
            f"{engine.url.database}: the journal's head says {head.entries} entries, the last one "
            f"found is entry {found.entries}: the journal was changed outside this program. "
            "Restore it from a backup."
        )
    return head


def open_personal_key(engine: Engine, path: Path) -> PersonalKey:
    """The key that hides personal data in this journal; made where there is no journal yet.

    Raises OperatorError where it is missing, or not the one this journal was written with.
    """
    with engine.begin() as connection:
        begun = connection.execute(select(JOURNAL_HEAD.c.entries)).first() is not None
        columns = (PERSONAL.c[name] for name in PersonalValue._fields)
        sample = connection.execute(select(*columns).limit(1)).one_or_none()
    if not begun:
        make_secrets(path.parent)
    key = personal_key(path.parent)
    if sample is not None and not key.fits(PersonalValue._make(sample)):
        raise OperatorError(
            Problem(
                str(path.parent / PERSONAL_KEY),
                None,
                "this is not the key this journal was written with, or its look-up table was "
                "changed",
                "",
                "Restore the key from the backup; `dialer audit verify` tells which it is.",
            )
        )
    return key
