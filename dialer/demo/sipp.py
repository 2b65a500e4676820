"""The demo's far ends: SIPp as the carrier and as the agents' phones, on loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dialer.model.errors import OperatorError, Problem

HOST = "127.0.0.1"


def scenarios_folder() -> Path:
    """`deploy/demo` of the checkout this package runs from."""
    folder = Path(__file__).resolve().parents[2] / "deploy" / "demo"
    if not (folder / "carrier.xml").exists():
        raise OperatorError(
            Problem(
                str(folder),
                None,
                "the demo's scenarios are not there",
                remedy="Run the demo from a checkout of the project (make demo).",
            )
        )
    return folder


def free_ports(count: int) -> list[int]:
    """UDP ports nobody uses now."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for each in held:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in held]
    finally:
        for each in held:
            each.close()


def free_media_port(first: int) -> int:
    """The first free UDP port of `first`, `first` + 1,000, ...: SIPp counts its RTP ports up from
    it."""
    for port in range(first, 65_000, 1_000):
        if _is_free(port):
            return port
    raise OperatorError(Problem("sipp", None, "no UDP ports are free for audio", str(first)))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@contextmanager
def sipp(
    scenario: str, port: int, first_media_port: int, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A SIPp answering on `port`, its RTP from `first_media_port` up, its truth in `log`; ended on
    leaving the block.

    Raises OperatorError where SIPp is not installed or does not start.
    """
    program = shutil.which("sipp")
    if program is None:
        raise OperatorError(
            Problem(
                "sipp",
                None,
                "the demo's carrier is SIPp, and it is not installed",
                remedy="Install the package sip-tester (apt-get install sip-tester), then again.",
            )
        )
    folder = scenarios_folder()
    options = tomllib.loads((folder / "behaviours.toml").read_text())["sipp"]["options"]
    errors = log.with_suffix(".errors")
    media_port = str(free_media_port(first_media_port))
    process = subprocess.Popen(
        [
            program, "-sf", scenario, "-i", HOST, "-p", str(port), "-mi", HOST,
            "-mp", media_port, "-log_file", str(log), "-error_file", str(errors), *options,
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_bound(process, port, errors)
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_until_bound(process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
    """SIPp says nothing when it is ready; its port is then taken."""
    for _ in range(100):
        try:
            code = process.wait(0.05)
        except subprocess.TimeoutExpired:
            if not _is_free(port):
                return
            continue
        said = errors.read_text()[-300:] if errors.exists() else ""
        raise OperatorError(
            Problem("sipp", None, f"SIPp ended at once with status {code}", said, "Try again.")
        )
    raise OperatorError(Problem("sipp", None, f"SIPp does not listen on port {port}"))
