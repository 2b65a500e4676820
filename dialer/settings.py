"""The process's settings: one file, read once, checked whole. Operator data is elsewhere."""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dialer.intake.toml_lines import KeyPath, read_toml
from dialer.model.errors import OperatorError, Problem
from dialer.model.trunks import Trunk
from dialer.store.anchors import is_file

SECRET_VARIABLE = "DIALER_SECRET_KEY"


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("must be host:port, for example 127.0.0.1:5060")
    return text


Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
"""An ISO 3166 code."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebSettings(_Table):
    """Where pages are served; `secure_cookies` once TLS stands in front."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    secure_cookies: bool = False


class CarrierSettings(_Table):
    """`workers` SIP processes of up to `calls_per_worker` legs (fewer where the build cannot).
    `bind_host` is the local address of SIP and RTP, `public_host` what the far end is told.
    `recordings`: a folder for what each side of every bridge was sent; none is kept without it."""

    name: Literal["sip"] = "sip"
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    calls_per_worker: Annotated[int, Field(ge=1, le=1000)] = 100
    bind_host: str = "127.0.0.1"
    public_host: str | None = None
    recordings: Path | None = None


class ReservationSettings(_Table):
    """Where the slots under frequency caps are kept. `database`: the book several nodes share, as
    `postgresql://USER@HOST/NAME` (a password belongs into libpq's own password file); without it
    they are in this node's own database. `node`: this node's name among them, the same over
    restarts; without it one is made and kept."""

    database: str | None = None
    node: Annotated[str, Field(min_length=1)] | None = None


class ClockSettings(_Table):
    """`max_offset_s`: further off, or not known to be within it, and nobody is dialled. `check`:
    `kernel` asks the kernel how its clock is disciplined; `off` asks nobody, which only a service
    that places calls on this machine alone may (a demo, a test, a container)."""

    max_offset_s: Annotated[float, Field(gt=0, le=1)] = 1.0
    check: Literal["kernel", "off"] = "kernel"


def _anchor(text: str) -> str:
    if not text or text in ("syslog:", "http://", "https://"):
        raise ValueError("must be a file, an http(s) address, syslog, or syslog:SOCKET")
    return text


def _http(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must be an http(s) address")
    return text


class AuditSettings(_Table):
    """`anchors`: where checkpoints of the journal are taken, so that somebody else holds them:
    files (on a medium this machine's people cannot write, if it is to prove anything), `syslog`,
    or http(s) addresses that take them by POST. `tsa`: the address of a time stamping authority
    (RFC 3161) that is asked once an hour. `keep_years`: how long records are kept after their last
    use; the law's shortest is 5 (47 CFR 64.1200(d)(6), 16 CFR 310.5)."""

    anchors: tuple[Annotated[str, AfterValidator(_anchor)], ...] = ()
    tsa: Annotated[str, AfterValidator(_http)] | None = None
    keep_years: Annotated[int, Field(ge=5, le=100)] = 5


class TrunkSettings(_Table):
    """A carrier contract: address, most calls at a time, most new calls a second."""

    name: Annotated[str, Field(min_length=1)]
    address: Annotated[str, AfterValidator(_host_and_port)]
    channels: Annotated[int, Field(ge=1)]
    cps: Annotated[float, Field(gt=0)]


class _File(_Table):
    campaigns: Path = Path("campaigns")
    dnc_lists: Path = Path("dnc_lists")
    rules: Path = Path("rules")
    data: Path = Path("var")
    clock_shift_s: int = 0
    clock: ClockSettings = ClockSettings()
    web: WebSettings = WebSettings()
    carrier: CarrierSettings = CarrierSettings()
    reservations: ReservationSettings = ReservationSettings()
    audit: AuditSettings = AuditSettings()
    enabled: Annotated[
        tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...], Field(min_length=1)
    ] = ("US",)
    trunks: Annotated[tuple[TrunkSettings, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the process is told at start.

    `campaigns`, `dnc_lists`: folders of operator data; `rules`: of the overlays an officer made to
    the law, which need not exist. `data`: the folder of the database, of refusals files and of the
    key that signs sign-ins. `clock_shift_s`: how far the service
    clock is set off; every journal entry is then marked, and only loopback trunks are allowed.
    `enabled`: countries (ISO 3166; US takes in DC and Puerto Rico) whose numbers may be called.
    """

    campaigns: Path
    dnc_lists: Path
    data: Path
    clock_shift_s: int
    enabled: frozenset[str]
    web: WebSettings
    carrier: CarrierSettings
    trunks: tuple[Trunk, ...]
    rules: Path | None = None
    reservations: ReservationSettings = field(default_factory=ReservationSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)

    @property
    def database(self) -> Path:
        return self.data / "dialer.db"

    def secret_key(self) -> str:
        """The key that signs sign-ins: from the environment, else made once and kept in `data`."""
        given = os.environ.get(SECRET_VARIABLE)
        if given:
            return given
        return self._made_once("secret_key", 48)

    def node(self) -> str:
        """This node's name in a shared book of reservations: from the settings, else made once and
        kept in `data`."""
        return self.reservations.node or self._made_once("node", 12)

    def _made_once(self, name: str, length: int) -> str:
        file = self.data / name
        self.data.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600, exist_ok=False)
            file.write_text(secrets.token_urlsafe(length))
        return file.read_text().strip()


def read_settings(file: Path) -> Settings:
    """Read a settings file. Paths in it are relative to its folder.

    Raises OperatorError with every problem, each with its line.
    """
    text = read_toml(file)
    try:
        read = _File.model_validate(text.data)
    except ValidationError as error:
        problems = [_problem(str(file), text.line, dict(each)) for each in error.errors()]
        raise OperatorError(*problems) from error
    problems = list(_contradictions(str(file), read, text.line))
    if problems:
        raise OperatorError(*problems)
    folder = file.resolve().parent
    recordings = read.carrier.recordings
    carrier = read.carrier.model_copy(
        update={"recordings": folder / recordings if recordings else None}
    )
    return Settings(
        campaigns=folder / read.campaigns,
        dnc_lists=folder / read.dnc_lists,
        rules=folder / read.rules,
        data=folder / read.data,
        clock_shift_s=read.clock_shift_s,
        clock=read.clock,
        enabled=frozenset(read.enabled),
        web=read.web,
        carrier=carrier,
        reservations=read.reservations,
        audit=read.audit.model_copy(
            update={
                "anchors": tuple(
                    str(folder / each) if is_file(each) else each for each in read.audit.anchors
                )
            }
        ),
        trunks=tuple(Trunk(t.name, t.address, t.channels, t.cps) for t in read.trunks),
    )


def _problem(where: str, line: Any, found: dict[str, Any]) -> Problem:
    path: KeyPath = tuple(found["loc"])
    key = ".".join(str(part) for part in path)
    message = str(found["msg"]).removeprefix("Value error, ")
    value = "" if found["type"] == "missing" else str(found["input"])[:80]
    remedy = (
        "Remove it, or correct its spelling."
        if found["type"] == "extra_forbidden"
        else "Correct it."
    )
    return Problem(where, line(path), f"{key}: {message}", value, remedy)


def _contradictions(where: str, read: _File, line: Any) -> list[Problem]:
    problems = []
    names = [trunk.name for trunk in read.trunks]
    for place, trunk in enumerate(read.trunks):
        if trunk.name in names[:place]:
            problems.append(
                Problem(
                    where,
                    line(("trunks", place, "name")),
                    "two trunks have the same name",
                    trunk.name,
                    "Give each trunk a name of its own.",
                )
            )
        host = trunk.address.rpartition(":")[0]
        if read.clock_shift_s and not is_loopback(host):
            problems.append(
                Problem(
                    where,
                    line(("trunks", place, "address")),
                    "a service with a shifted clock may place calls on this machine only",
                    trunk.address,
                    "Remove clock_shift_s, or use a loopback trunk.",
                )
            )
        if read.clock.check == "off" and not is_loopback(host):
            problems.append(
                Problem(
                    where,
                    line(("trunks", place, "address")),
                    "a service that does not check its clock may place calls on this machine only",
                    trunk.address,
                    'Remove check = "off" from [clock], or use a loopback trunk.',
                )
            )
    return problems


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine. A name is taken at its word only if it is
    `localhost`: what others resolve to can change."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
