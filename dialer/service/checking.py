"""`dialer check` in words: what would be called when, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dialer.compliance.calling_window import minutes_as_text
from dialer.compliance.screening import decide
from dialer.compliance.suppression import Suppressions
from dialer.floor.callers import first_caller
from dialer.floor.facts import campaign_facts
from dialer.intake.lead_csv import read_leads
from dialer.model.campaigns import CallingHours, Campaign, ListSource
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.model.leads import Lead, LeadFile, NewLead
from dialer.model.screening import Refused
from dialer.service.loading import OperatorData, suppressions_of
from dialer.settings import Settings

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class ListOutlook:
    """One lead file as screening sees it now: `later` by reason, `next_at` the earliest instant at
    which one of those may be called; `never` by reason."""

    file: str
    rows: int
    good: int
    refused_rows: int
    now: int
    later: dict[str, int]
    never: dict[str, int]
    next_at: Instant | None


@dataclass(frozen=True, slots=True)
class CampaignOutlook:
    """A campaign in words and numbers."""

    campaign: Campaign
    lists: tuple[ListOutlook, ...]

    def words(self) -> Iterator[str]:
        campaign = self.campaign
        yield (
            f"{campaign.name} ({campaign.title}): {campaign.mode.lower()} for {campaign.seller}, "
            f"{len(campaign.agents)} agents, trunk {campaign.trunk}, showing "
            + ", ".join(caller.e164 for caller in campaign.caller_ids)
        )
        yield f"  purpose: {campaign.purpose.lower()}; about {campaign.subject or campaign.title}"
        yield f"  calls {hours_words(campaign.hours)} in the called party's local time,"
        yield (
            f"  rings {campaign.ring_timeout_ms // 1000} s, at most {campaign.attempts_per_day} "
            f"dials to a number in 24 hours, {campaign.min_gap_ms // 60_000} minutes apart, drops "
            f"at most {campaign.drop_ceiling:.1%} of live answers"
        )
        if campaign.opt_out_key:
            key = campaign.opt_out_key
            yield f"  callees press {key} to ask not to be called: the drop message has to say so"
        else:
            yield (
                "  callees have no key to ask not to be called (opt_out_key): a recorded drop "
                "message has to offer one (47 CFR 64.1200(a)(7)(i))"
            )
        for outlook in self.lists:
            yield (
                f"  {outlook.file}: {outlook.rows} rows, {outlook.good} good, "
                f"{outlook.refused_rows} refused; {outlook.now} may be called now"
            )
            if outlook.later:
                when = rfc3339(outlook.next_at) if outlook.next_at is not None else "later"
                yield f"    later, the first at {when}: {_tally(outlook.later)}"
            if outlook.never:
                yield f"    never: {_tally(outlook.never)}"


def outlook(
    settings: Settings, data: OperatorData, now: Instant
) -> tuple[list[CampaignOutlook], list[Problem]]:
    """Every campaign as it would be screened at `now` with nothing dialled before, and every
    problem, those of lead files included."""
    problems = list(data.problems)
    suppressions = suppressions_of(data)
    outlooks = []
    for campaign in data.campaigns.values():
        lists = []
        for source in campaign.lists:
            try:
                file = _read(settings, campaign, source)
            except OperatorError as error:
                problems += error.problems
                continue
            lists.append(_screened(campaign, file, suppressions, data, settings.enabled, now))
        outlooks.append(CampaignOutlook(campaign, tuple(lists)))
    return outlooks, problems


def _read(settings: Settings, campaign: Campaign, source: ListSource) -> LeadFile:
    path = settings.campaigns / campaign.name / source.file
    return read_leads(str(path), path.read_bytes(), source, settings.enabled)


def _screened(
    campaign: Campaign,
    file: LeadFile,
    suppressions: Suppressions,
    data: OperatorData,
    enabled: frozenset[str],
    now: Instant,
) -> ListOutlook:
    later: Counter[str] = Counter()
    never: Counter[str] = Counter()
    soonest: list[Instant] = []
    caller = first_caller(campaign, now)
    for lead in file.leads:
        facts = campaign_facts(
            campaign, _stored(lead, campaign), suppressions, caller, now, enabled=enabled
        )
        answer = decide(facts, data.ruleset, now)
        if isinstance(answer, Refused):
            if answer.next_allowed_at is None:
                never[answer.primary] += 1
            else:
                later[answer.primary] += 1
                soonest.append(answer.next_allowed_at)
    good = len(file.leads)
    return ListOutlook(
        file=file.name,
        rows=file.rows,
        good=good,
        refused_rows=len(file.rejected),
        now=good - later.total() - never.total(),
        later=dict(later),
        never=dict(never),
        next_at=min(soonest, default=None),
    )


def _stored(lead: NewLead, campaign: Campaign) -> Lead:
    """The lead as it will be offered, with nothing known of it yet."""
    return Lead(
        0,
        campaign.name,
        "",
        lead.line,
        lead.number,
        lead.fields,
        state=lead.state,
        postcode=lead.postcode,
    )


def hours_words(hours: CallingHours) -> str:
    """`Mon-Fri 09:00-20:00, Sat 10:00-18:00`: equal neighbours are drawn together."""
    runs: list[tuple[int, int, tuple[int, int]]] = []
    for day, window in enumerate(hours.days):
        if window is None:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == window:
            runs[-1] = (runs[-1][0], day, window)
        else:
            runs.append((day, day, window))
    return ", ".join(
        f"{DAYS[a]}{'' if a == b else '-' + DAYS[b]} "
        f"{minutes_as_text(window[0])}-{minutes_as_text(window[1])}"
        for a, b, window in runs
    )


def _tally(counts: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))
