"""What a check says before any campaign: the rules and lists in force, and what runs out soon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from dialer.compliance.law_lint import lint
from dialer.intake.toml_lines import read_toml
from dialer.model.audit_reports import ListFreshness
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339, utc
from dialer.model.numbers import CallerId
from dialer.service.list_shelf import freshness
from dialer.service.loading import OperatorData
from dialer.settings import Settings

PROOF_NOTICE_DAYS = 30
"""How long before the right to show a caller id ends somebody is told."""


@dataclass(frozen=True, slots=True)
class Bearings:
    """By what calls are decided. `enabled`: ISO 3166; `overlays`: an officer's changes of the law,
    in the order applied; `warnings` stop nothing by themselves."""

    ruleset: str
    enabled: tuple[str, ...]
    overlays: tuple[str, ...]
    lists: tuple[ListFreshness, ...]
    clock_check: str
    warnings: tuple[Problem, ...]

    def words(self) -> Iterator[str]:
        """One line each."""
        overlays = ", ".join(self.overlays) or "no overlay"
        yield f"rules {self.ruleset}, {overlays}; countries enabled: {', '.join(self.enabled)}"
        if self.clock_check == "off":
            yield "the machine's clock is not checked: calls to this machine alone"
        for each in self.lists:
            at_most = "" if each.max_age_days is None else f" of at most {each.max_age_days}"
            of = f" {each.state}" if each.state else ""
            yield (
                f"list {each.name} ({each.kind.lower()}{of}): copy of "
                f"{rfc3339(each.obtained_at)}, {each.age_days} days old{at_most}, "
                f"{each.entries} numbers"
            )


def bearings(settings: Settings, data: OperatorData, now: Instant) -> Bearings:
    """The rules and lists in force at `now`, and what an officer should know of them."""
    lists: tuple[ListFreshness, ...] = ()
    unread: list[Problem] = []
    if data.shelf is not None:
        try:
            lists = freshness(data.shelf, data.ruleset, now)
        except OperatorError as error:
            unread += error.problems
    warnings = [*unread, *lint(data.ruleset, now), *map(_stale, (x for x in lists if x.stale))]
    warnings += _proofs(settings, data.campaigns, utc(now).date())
    return Bearings(
        ruleset=data.ruleset.label,
        enabled=tuple(sorted(data.enabled)),
        overlays=data.ruleset.overlays,
        lists=lists,
        clock_check=settings.clock.check,
        warnings=tuple(warnings),
    )


def _stale(copy: ListFreshness) -> Problem:
    return Problem(
        f"list {copy.name}",
        None,
        f"the copy is {copy.age_days} days old, and calls that need it are refused after "
        f"{copy.max_age_days}",
        rfc3339(copy.obtained_at),
        "Import a newer copy: dialer dnc import.",
    )


def _proofs(
    settings: Settings, campaigns: Mapping[str, Campaign], today: date
) -> Iterator[Problem]:
    """Caller ids that may not be shown today, or soon may not be."""
    for name, campaign in campaigns.items():
        file = settings.campaigns / name / "campaign.toml"
        for place, own in enumerate(campaign.caller_ids):
            said = _of_proof(own, today)
            if said:
                line = read_toml(file).line(("caller_ids", place, "number"))
                remedy = "Renew it, and write down its new days; or show another number."
                yield Problem(str(file), line, said, own.e164, remedy)


def _of_proof(own: CallerId, today: date) -> str:
    if own.valid_from is not None and today < own.valid_from:
        return f"the right to show it ({own.proof}) begins on {own.valid_from}: not shown till then"
    if own.valid_to is None:
        return ""
    left = (own.valid_to - today).days
    if left < 0:
        return f"the right to show it ({own.proof}) ended on {own.valid_to}: it is not shown"
    if left <= PROOF_NOTICE_DAYS:
        return f"the right to show it ({own.proof}) ends on {own.valid_to}, in {left} days"
    return ""
