"""What entries do to rows, where the store contract does not look closely enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadState
from dialer.store.projections import Insert, Update, project
from tests.contracts.journal_entries import (
    NOW,
    alarm,
    dial,
    disposed,
    ended,
    moved,
    refused,
    suppressed,
)


def changed(entry: JournalEntry, table: str) -> Update:
    (change,) = [c for c in project(entry) if isinstance(c, Update) and c.table == table]
    return change


def test_a_dial_opens_an_attempt_and_counts_for_the_lead() -> None:
    attempt, lead = project(dial(7, 3))
    assert isinstance(attempt, Insert)
    assert (attempt.row["attempt_id"], attempt.row["dialled_at"]) == (7, NOW)
    assert attempt.row["ended_at"] is None
    assert isinstance(lead, Update)
    assert (lead.key, lead.add) == (3, {"attempts": 1})
    assert lead.values == {"refused_code": None, "refused_explain": None, "refused_at": None}


@pytest.mark.parametrize(
    ("times", "answered_at"),
    [
        ({"DIALLING": NOW, "DETECTING": NOW + 5, "BRIDGED": NOW + 9}, NOW + 5),
        ({"DIALLING": NOW, "BRIDGED": NOW + 9, "ENDED": NOW + 10}, NOW + 9),
        ({"DIALLING": NOW, "DETECTING": None, "WAITING": NOW + 6}, NOW + 6),
        ({"DIALLING": NOW}, NOW + 22_000),
    ],
)
def test_an_answer_is_when_the_first_answered_state_was_entered(
    times: dict[str, JsonValue], answered_at: int
) -> None:
    entry = ended(7, 3, "CONNECTED", verdict="HUMAN", answered_at=NOW)
    entry = replace(entry, data={**entry.data, "times": times})
    assert changed(entry, "call_attempt").values["answered_at"] == answered_at


def test_an_unanswered_attempt_has_no_answer_time() -> None:
    assert changed(ended(7, 3), "call_attempt").values["answered_at"] is None


@pytest.mark.parametrize(
    ("disposition", "placed", "counted"),
    [
        ("TRUNK_FAILURE", True, False),
        ("REFUSED", False, False),
        ("CANCELLED", False, False),
        ("CANCELLED", True, True),
        ("LOST", True, True),
        ("BUSY", True, True),
    ],
)
def test_only_an_attempt_that_rang_no_phone_is_given_back(
    disposition: str, placed: bool, counted: bool
) -> None:
    entry = ended(7, 3, disposition, placed=placed)
    assert changed(entry, "lead").add == ({} if counted else {"attempts": -1})
    values = changed(entry, "call_attempt").values
    assert (values["placed"], values["counted"]) == (placed, counted)


def test_an_agents_choice_leaves_the_times_of_the_attempt_alone() -> None:
    change = changed(disposed(7, 3, "SALE", moved(LeadState.DONE, None)), "call_attempt")
    assert set(change.values) == {"disposition", "notes", "callback_at", "disposed_at"}


def test_the_first_code_of_a_refusal_is_the_one_that_stands() -> None:
    change = changed(refused(3, "NATIONAL_DNC", move=moved(LeadState.REFUSED, None)), "lead")
    assert change.values["refused_code"] == "NATIONAL_DNC"
    assert (change.values["state"], change.values["next_eligible_at"]) == ("REFUSED", None)


@pytest.mark.parametrize("entry", [dial(1, 1), ended(1, 1), refused(1, "FREQ_CAP"), suppressed(1)])
def test_an_entry_that_says_too_little_is_a_bug(entry: JournalEntry) -> None:
    with pytest.raises(KeyError):
        project(replace(entry, data={}))


@pytest.mark.parametrize("state", ["SLEEPING", "", None])
def test_a_lead_moves_only_into_states_there_are(state: JsonValue) -> None:
    with pytest.raises(ValueError, match="is not a valid LeadState"):
        project(refused(1, "FREQ_CAP", move={**moved(), "lead_state": state}))


def test_what_moves_nothing() -> None:
    assert project(alarm("x")) == []
    agent: dict[str, JsonValue] = {"state": "READY", "reason": ""}
    assert project(JournalEntry(EntryKind.AGENT_CHANGED, Instant(1), agent="a", data=agent)) == []
