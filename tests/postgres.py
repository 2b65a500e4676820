"""A PostgreSQL server of its own for tests: in a folder that goes with it, on a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OPTIONS = (
    "-c listen_addresses= -c fsync=off -c full_page_writes=off -c shared_buffers=16MB "
    "-c max_connections=20"
)


@contextmanager
def postgresql() -> Iterator[str]:
    """The server's address, as `[reservations] database` takes it. The server refuses to run as
    root: there it runs as user `postgres` or, without one, `nobody`."""
    programs = _programs()
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # not pytest's: other users cannot enter that
    try:
        if user is not None:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, "-D", folder / "data", *arguments],
                check=True,
                cwd=folder,
                user=user,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

        run("initdb", "-N", "-A", "trust", "-U", "dialer", "--no-instructions", "-E", "UTF8")
        run("pg_ctl", "-w", "-l", "log", "-o", f"-k {folder} {_OPTIONS}", "start")
        try:
            yield f"postgresql://dialer@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder of the server's programs; Debian keeps them out of the PATH."""
    found = [Path(program).resolve() for program in [shutil.which("initdb")] if program]
    found += Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if not found:
        pytest.fail("there is no PostgreSQL server: `make test` installs Debian's postgresql")
    return max(found).parent


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
