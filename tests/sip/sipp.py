"""SIPp as the far end: the demo's scripted carrier and agents' phones, on loopback."""

from __future__ import annotations

import errno
import shutil
import socket
import subprocess
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
READY_S = 5.0
MEDIA_BLOCK = 250


def number(behaviour: str) -> str:
    """A number that behaves so (deploy/demo/behaviours.toml)."""
    table = tomllib.loads((DEMO / "behaviours.toml").read_text(encoding="utf-8"))
    first = table["behaviours"][behaviour]["suffixes"][0][0]
    return f"+121255501{first:02d}"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


@asynccontextmanager
async def sipp(
    scenario: Path, media_port: int, folder: Path, port: int | None = None
) -> AsyncIterator[str]:
    """A running SIPp; its `host:port` (a free port unless one is given). Its logs go to `folder`.
    Where another SIPp has the media ports from `media_port` on, the next block of them is taken."""
    program = shutil.which("sipp")
    assert program is not None, "install SIPp (Debian: sip-tester)"
    table = tomllib.loads((DEMO / "behaviours.toml").read_text(encoding="utf-8"))
    port = _free_port() if port is None else port
    while _taken(media_port) or _taken(media_port + 2):
        media_port += MEDIA_BLOCK
    name = scenario.stem
    command = [program, "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(port)]
    command += ["-mi", "127.0.0.1", "-mp", str(media_port)]
    command += ["-log_file", str(folder / f"{name}.log")]
    command += ["-error_file", str(folder / f"{name}.err"), *table["sipp"]["options"]]
    process = await trio.lowlevel.open_process(
        command,
        cwd=DEMO,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with trio.fail_after(READY_S):
            while not _taken(port):
                assert process.poll() is None, f"SIPp did not start: {' '.join(command)}"
                await trio.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
