"""The rules of a place in plain words."""

from __future__ import annotations

from datetime import datetime

import pytest

from dialer.compliance.law import Approval, Ruleset
from dialer.compliance.law_files import load_law
from dialer.compliance.law_words import jurisdiction_named, place_words
from dialer.compliance.overlay import approve
from dialer.model.errors import OperatorError
from dialer.model.instant import instant_of


def shown(state: str, at: str, ruleset: Ruleset | None = None) -> str:
    law = ruleset or load_law()
    moment = instant_of(datetime.fromisoformat(at))
    return "\n".join(place_words(law, jurisdiction_named(law, state), moment).lines())


def test_a_sunday_in_texas_has_two_clocks_and_opens_at_noon() -> None:
    text = shown("TX", "2026-12-06T12:30:00-06:00")
    assert "Sunday 2026-12-06: it is 12:30 in America/Chicago, 11:30 in America/Denver" in text
    assert "lawful hours that day, any mode: 12:00-21:00" in text
    assert "US/hours: calls 08:00-21:00 that day" in text
    assert "Tex. Bus. & Com. Code 301.051 [S: secondary source]" in text
    assert "numbers on the TX list are not called; the copy may be 92 days old" in text


def test_a_holiday_is_named_with_what_lifts_it() -> None:
    text = shown("Utah", "2026-07-24T12:00:00-06:00")
    assert "holiday: Pioneer Day (US-UT: Utah Code 63G-1-301, tag S)" in text
    assert "US-UT/hours: no calls that day" in text
    assert "lifted by prior express written consent or prior express consent" in text
    assert "lawful hours that day, any mode: none" in text


def test_recorded_voices_have_hours_of_their_own() -> None:
    text = shown("us-sd", "2026-12-05T12:00:00-06:00")
    assert "lawful hours that day, preview, progressive, predictive: 09:00-21:00" in text
    assert "lawful hours that day, recorded: none" in text


def test_two_dates_at_once_are_two_days() -> None:
    text = shown("US", "2026-12-02T05:30:00Z")
    assert "Tuesday 2026-12-01: it is" in text
    assert "Wednesday 2026-12-02: it is" in text


def test_the_law_of_that_day() -> None:
    assert "US-OR/hours" not in shown("OR", "2025-12-31T12:00:00-08:00")
    assert "US-OR/hours: calls 08:00-20:00" in shown("OR", "2026-01-01T12:00:00-08:00")
    assert "calls 09:00-21:00" in shown("CT", "2023-09-30T12:00:00-04:00")


def test_every_place_can_be_said() -> None:
    law = load_law()
    moment = instant_of(datetime.fromisoformat("2026-12-25T18:00:00+00:00"))
    for jurisdiction in law.jurisdictions.values():
        text = "\n".join(place_words(law, jurisdiction, moment).lines())
        assert "it is" in text, jurisdiction.code
        assert "see the citation" not in text
        for rule in jurisdiction.rules:
            if rule.effective_to is None:
                assert f"{rule.name}: " in text


def test_a_state_goes_before_the_country_of_the_same_letters() -> None:
    law = load_law()
    assert jurisdiction_named(law, "de").name == "Delaware"
    assert jurisdiction_named(law, "de", country=True).name == "Germany"
    assert jurisdiction_named(law, "GB").name == "United Kingdom"
    with pytest.raises(OperatorError, match="no rules of such a place"):
        jurisdiction_named(law, "Atlantis")


def test_what_was_loosened_is_said_with_who_and_why() -> None:
    content = approve(
        b"""name = "n"
by = "Avery Example"
at = 2026-11-20T15:00:00Z
note = "n"
[[change]]
jurisdiction = "US-WA"
id = "hours"
every_day = "08:00-21:00"
[[holiday_off]]
jurisdiction = "US-LA"
days = [2026-11-27]
""",
        Approval("Robin Sample", "counsel's letter", "2026-11-20T16:00:00Z"),
    )
    law = load_law([("a.toml", content)])
    washington = shown("WA", "2026-12-02T12:00:00-08:00", law)
    assert "loosened by Robin Sample on 2026-11-20: counsel's letter" in washington
    louisiana = shown("LA", "2026-11-27T12:00:00-06:00", law)
    assert "switched off by Robin Sample: counsel's letter" in louisiana
