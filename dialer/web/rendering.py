"""Templates to pages and to regions: the parts of a page that are pushed again when they change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from dialer.audit.words import duration, stamp
from dialer.compliance.reason_texts import REASON_TEXTS
from dialer.model.agents import AgentState
from dialer.model.instant import Instant, rfc3339, utc
from dialer.web.office import Office

STATE_WORDS: Mapping[AgentState, str] = {
    AgentState.OFFLINE: "Off shift",
    AgentState.READY: "Ready",
    AgentState.RESERVED: "Lead reserved",
    AgentState.INCALL: "In call",
    AgentState.WRAPUP: "Wrap-up",
    AgentState.PAUSED: "Paused",
}
_UPPER_WORDS = frozenset({"DNC", "TZ", "SIP", "AMD"})


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that live updates may replace.

    `digest` stands for the HTML, so that an unchanged region is never sent or replaced. A `keep`
    region holds what a person types: it is replaced only when `key` (what it is about) changes.
    """

    name: str
    html: Markup
    digest: str
    key: str = ""
    keep: bool = False


class Pages:
    """Renders the packaged templates; every value is HTML-escaped."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._environment = Environment(
            loader=PackageLoader("dialer.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            utc=utc_text,
            rfc3339=rfc3339,
            local=local_text,
            clock=length_text,
            percent=percent_text,
            count=count_text,
            words=words,
            there=there_text,
            stamp=stamp,
            duration=duration,
        )
        self._environment.globals.update(state_words=STATE_WORDS, reasons=REASON_TEXTS)

    def html(self, template: str, **context: object) -> Markup:
        """The template's text. `now` and `clock_shift_ms` are the service clock's."""
        text = self._environment.get_template(template).render(
            now=self._office.now(), clock_shift_ms=self._office.clock_shift_ms, **context
        )
        return Markup(text)  # the environment has escaped every value already

    def region(
        self, name: str, template: str, *, key: str = "", keep: bool = False, **context: object
    ) -> Region:
        html = self.html(template, **context)
        digest = hashlib.sha256(html.encode()).hexdigest()[:16]
        return Region(name, html, digest, key, keep)

    def full(self, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """A whole page; `live_url` "" means nothing is pushed to it."""
        defaults: dict[str, object] = {"live_url": "", "user": None, "csrf": "", "notices": None}
        return HTMLResponse(self.html(template, **(defaults | context)), status_code=status)


def utc_text(instant: Instant) -> str:
    """`2026-11-21 17:30:00 UTC`."""
    return utc(instant).strftime("%Y-%m-%d %H:%M:%S UTC")


def local_text(instant: Instant, zone: str) -> str:
    """`Sat 21 Nov, 12:30` in an IANA zone."""
    return utc(instant).astimezone(ZoneInfo(zone)).strftime("%a %d %b, %H:%M")


def there_text(instant: Instant, zone: str) -> str:
    """`local_text`, "" for a zone that is not known."""
    try:
        return local_text(instant, zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ""


def length_text(length_ms: int) -> str:
    """A length of time as a clock shows it: `0:42`, `12:05`, `3:00:00`."""
    seconds = abs(length_ms) // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    sign = "-" if length_ms < 0 else ""
    if hours:
        return f"{sign}{hours}:{minutes:02}:{seconds % 60:02}"
    return f"{sign}{minutes}:{seconds % 60:02}"


def percent_text(share: float) -> str:
    """A share of 0.0213 as `2.2 %`: rounded up, so that a rate over a ceiling never looks level."""
    tenths = -(-round(share * 1_000_000) // 1_000)
    return f"{tenths / 10:.1f} %"


def count_text(number: int) -> str:
    return f"{number:,}"


def words(code: str) -> str:
    """`NO_ANSWER` as `No answer`, for names without a label of their own."""
    parts = [part if part in _UPPER_WORDS else part.lower() for part in code.split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]
