"""Random cases as officers write them for `dialer screen --cases`: valid, and often in trouble.

Rules meet each other only if several of them fail or are lifted at once, so lists, consents,
relationships and attempts all come near the instant asked about, and from few sellers.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from dialer.model.screening import ReasonCode

Case = dict[str, Any]

SELLERS = ("Harbour Lights Energy", "Quince & Sons Roofing")
LIST_STATES = ("CO", "FL", "IN", "LA", "MA", "MO", "OK", "PA", "TN", "TX", "WY")
ORDER = [code.value for code in ReasonCode]

_START = datetime(2026, 2, 1, tzinfo=UTC)
_DAYS = 700
# One per kind of state: each with its own hours, list, limit or clocks; and numbers of no place.
_AREA_CODES = (
    *("205", "907", "602", "928", "213", "303", "203", "305", "850", "404", "808", "208", "219"),
    *("317", "502", "504", "617", "410", "207", "906", "601", "314", "402", "702", "775", "201"),
    *("212", "701", "216", "405", "503", "541", "215", "787", "401", "605", "423", "615", "214"),
    *("915", "801", "804", "206", "307", "202", "416", "876", "800", "900", "500", "222"),
)
_ADDRESSES: tuple[Case, ...] = (
    {},
    {},
    {"state": "TX"},
    {"zip": "32501", "state": "FL"},
    {"zip": "35203", "state": "AL"},
    {"zip": "90012", "state": "CA"},
    {"zip": "18503", "state": "PA"},
    {"zip": "84101"},
)
_ABROAD: tuple[Case, ...] = (
    {"phone": "+14165550123", "country": "CA", "enabled": ["US", "CA"]},
    {"phone": "+16045550123", "country": "CA", "enabled": ["CA"]},
    {"phone": "+442079460123", "country": "GB", "enabled": ["GB"]},
    {"phone": "+493023125123", "country": "DE", "enabled": ["DE"]},
)
_OWN_CAPS = (
    {"per_day": 2},
    {"per_2_hours": 1},
    {"min_gap_minutes": 45},
    {"drop_cooldown_hours": 24},
)
_MESSAGES = ("stop", "please opt out", "Yes", "do not call me again", "hm, what?", "")


def _once_in(draw: st.DrawFn, times: int) -> bool:
    """True that rarely; drawn so that it is not favoured as an extreme."""
    return draw(st.sampled_from(range(times))) == times - 1


def written(moment: datetime) -> str:
    """RFC 3339, in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moments() -> st.SearchStrategy[datetime]:
    """Any second of two years, by day more often, and full hours: laws begin and end on them."""
    days = st.sampled_from(range(_DAYS))
    minutes = st.one_of(st.integers(0, 24 * 60 - 1), st.sampled_from(range(24)).map(_of_hour))
    by_day = st.sampled_from(range(15 * 60, 24 * 60))
    return st.builds(
        lambda day, minute, second: _START + timedelta(days=day, minutes=minute, seconds=second),
        days,
        st.one_of(minutes, by_day, by_day),
        st.sampled_from((0, 0, 59)),
    )


def _of_hour(hour: int) -> int:
    return hour * 60


def _before(at: datetime, days: int) -> st.SearchStrategy[str]:
    """An instant up to `days` before `at`; often exactly whole days ago."""
    seconds = st.one_of(
        st.integers(0, days * 86_400),
        st.integers(0, days).map(lambda day: day * 86_400),
    )
    return seconds.map(lambda s: written(at - timedelta(seconds=s)))


@st.composite
def campaigns(draw: st.DrawFn) -> Case:
    return {
        "seller": SELLERS[0],
        "subject": "solar panels",
        "mode": draw(st.sampled_from(("preview", "progressive", "predictive", "recorded"))),
        "purpose": draw(st.sampled_from(("sales", "sales", "informational", "business"))),
        "caller_id_owned": not _once_in(draw, 20),
    }


@st.composite
def consents(draw: st.DrawFn, at: datetime) -> Case:
    granted = read(draw(_before(at, 400)))
    consent = {
        "type": draw(st.sampled_from(("pewc", "pewc", "pec", "oral"))),
        "seller": draw(st.sampled_from((SELLERS[0], *SELLERS))),
        "granted_at": written(granted),
        "scope": draw(st.sampled_from(("all", "all", "calls", "texts", "recorded"))),
    }
    if _once_in(draw, 6):
        consent["revoked_at"] = written(granted + (at - granted) / 2)
    return consent


@st.composite
def attempts(draw: st.DrawFn, at: datetime) -> Case:
    return {
        "at": draw(_before(at, draw(st.sampled_from((1, 1, 1, 30))))),
        "seller": draw(st.sampled_from((SELLERS[0], *SELLERS))),
        "subject": draw(st.sampled_from(("solar panels", "solar panels", "heat pumps"))),
        "caller_id": "+14045550190",
    }


@st.composite
def lists(draw: st.DrawFn, at: datetime) -> Case:
    """Obtained days are always said, so that the case means the same when `at` is moved."""
    found: Case = {
        "national": _once_in(draw, 4),
        "national_obtained_at": draw(_before(at, draw(st.sampled_from((2, 2, 2, 40))))),
        "state_obtained_at": {state: draw(_before(at, 2)) for state in LIST_STATES},
        "litigator": _once_in(draw, 20),
    }
    if _once_in(draw, 4):
        found["states"] = list(LIST_STATES)
    if _once_in(draw, 10):
        found["internal"] = {
            "requested_at": draw(_before(at, 400)),
            "seller": draw(st.sampled_from((None, *SELLERS))),
        }
    return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A valid case. Nothing in it happens after its instant."""
    at = draw(moments())
    case: Case = {
        "id": "any",
        "phone": f"+1{draw(st.sampled_from(_AREA_CODES))}5550123",
        "at": written(at),
        "campaign": draw(campaigns()),
        "lists": draw(lists(at)),
        "consents": draw(st.lists(consents(at), max_size=2)),
        "attempts": draw(
            st.lists(attempts(at), min_size=draw(st.sampled_from((0, 0, 4))), max_size=6)
        ),
        **draw(st.sampled_from(_ADDRESSES)),
    }
    if draw(st.booleans()):
        case["relationships"] = [
            {
                "type": draw(st.sampled_from(("transaction", "inquiry"))),
                "seller": draw(st.sampled_from((SELLERS[0], *SELLERS))),
                "at": draw(_before(at, 600)),
            }
        ]
    if _once_in(draw, 6):
        case["revocations"] = [
            {
                "channel": "text",
                "at": draw(_before(at, 300)),
                "text": draw(st.sampled_from(_MESSAGES)),
            }
        ]
    if _once_in(draw, 4):
        case["line"] = {"type": draw(st.sampled_from(("landline", "wireless", "unknown")))}
    if _once_in(draw, 6):
        contact = at - timedelta(days=draw(st.integers(1, 200)))
        case["last_verified_contact"] = written(contact)
        case["rnd"] = {
            "answer": draw(st.sampled_from(("yes", "no", "no", "no_data"))),
            "asked_date": contact.date().isoformat(),
            "queried_at": written(at),
        }
    if _once_in(draw, 6):
        case.update(draw(st.sampled_from(_ABROAD)))
        case.pop("zip", None)
        case.pop("state", None)
    if _once_in(draw, 6):
        case["own_caps"] = draw(st.sampled_from(_OWN_CAPS))
    if _once_in(draw, 4):
        case["abandons"] = [{"at": draw(_before(at, 4))}]
        case["agent_reserved"] = _once_in(draw, 4)
    if _once_in(draw, 10):
        case["emergencies"] = ["LA", "NY"]
    return case


@st.composite
def burdens(draw: st.DrawFn, case: Case) -> Case:
    """The same case with one thing more against the call."""
    kind = draw(
        st.sampled_from(("national", "state", "internal", "litigator", "stop", "dial", "emergency"))
    )
    heavier = {**case, "lists": dict(case["lists"])}
    if kind in ("national", "litigator"):
        heavier["lists"][kind] = True
    elif kind == "state":
        more = draw(st.sampled_from(LIST_STATES))
        heavier["lists"]["states"] = sorted({*case["lists"].get("states", ()), more})
    elif kind == "internal":
        request = {"requested_at": draw(_before(read(case["at"]), 30)), "seller": None}
        heavier["lists"].setdefault("internal", request)
    elif kind == "stop":
        stop = {"channel": "text", "at": draw(_before(read(case["at"]), 30)), "text": "stop"}
        heavier["revocations"] = [*case.get("revocations", ()), stop]
    elif kind == "dial":
        heavier["attempts"] = [*case["attempts"], draw(attempts(read(case["at"])))]
    else:
        heavier["emergencies"] = sorted(
            {*case.get("emergencies", ()), draw(st.sampled_from(("LA", "NY")))}
        )
    return heavier
