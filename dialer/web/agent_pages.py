"""The agent's page: the state of the shift, the lead, the script, and the wrap-up form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId
from dialer.model.campaigns import CallingHours, Campaign
from dialer.model.dispositions import AgentDisposition
from dialer.model.events import (
    AgentDisposed,
    AgentEvent,
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    AgentSkipped,
    AgentSuppressed,
)
from dialer.model.instant import Instant
from dialer.model.reports import Role
from dialer.model.snapshot import AgentView, CallView, FloorSnapshot
from dialer.web.forms import NotATime, callback_instant, text_field
from dialer.web.live import LiveSource
from dialer.web.office import OfficeBusy
from dialer.web.rendering import Region
from dialer.web.script_text import fill
from dialer.web.session import Visit
from dialer.web.site import Site

PAUSE_REASONS = ("Break", "Lunch", "Meeting", "Training", "Technical trouble", "Other")
NOTES_LIMIT = 4_000
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A wrap-up form as typed, and what is wrong with each of its fields."""

    disposition: str = ""
    notes: str = ""
    callback_local: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


class AgentPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._office = site.office

    def routes(self) -> list[Route]:
        guard = self._site.sessions.guard
        clicks = {
            "start": self.start,
            "ready": self.ready,
            "pause": self.pause,
            "end": self.end,
            "hang-up": self.hang_up,
            "do-not-call": self.do_not_call,
            "launch": self.launch,
            "skip": self.skip,
            "dispose": self.dispose,
        }
        return [
            Route("/agent", guard(self.page, Role.AGENT)),
            Route("/agent/state", guard(self.state, Role.AGENT, api=True)),
            *(
                Route(f"/agent/{name}", guard(click, Role.AGENT), methods=["POST"])
                for name, click in clicks.items()
            ),
        ]

    def live(self, visit: Visit) -> LiveSource:
        name = visit.user.name

        def subject(snapshot: FloorSnapshot) -> object:
            agent = snapshot.agent(name)
            campaign = None if agent is None else snapshot.campaign(agent.campaign)
            return (
                agent,
                None if campaign is None else campaign.campaign,
                self._site.notices_subject(visit, snapshot),
            )

        return LiveSource(subject, lambda snapshot: self._regions(visit, snapshot))

    async def page(self, visit: Visit) -> Response:
        return self._page(visit)

    async def state(self, visit: Visit) -> Response:
        """The page as data, for whatever reads pages without a screen."""
        snapshot = self._office.snapshot()
        agent = snapshot.agent(visit.user.name)
        if agent is None:
            return JSONResponse({"error": f"{visit.user.name} is an agent of no campaign."}, 404)
        campaign = _campaign_of(agent, snapshot)
        call = agent.call
        return JSONResponse(
            {
                "agent": agent.name,
                "display_name": agent.display_name,
                "campaign": agent.campaign,
                "state": agent.state,
                "since": agent.since,
                "now": self._office.now(),
                "phone_up": agent.phone_up,
                "pending": agent.pending,
                "notice": agent.notice,
                "csrf": visit.csrf,
                "call": None if call is None else _call_data(call),
                "dispositions": [
                    {
                        "name": choice.name,
                        "label": choice.label,
                        "callback": choice.callback,
                        "suppress": choice.suppress,
                    }
                    for choice in campaign.dispositions
                ],
            }
        )

    # --- clicks -------------------------------------------------------------------------------

    async def start(self, visit: Visit) -> Response:
        return await self._send(AgentSignedIn(visit.user.name))

    async def ready(self, visit: Visit) -> Response:
        return await self._send(AgentReadied(visit.user.name))

    async def pause(self, visit: Visit) -> Response:
        reason = text_field(visit.form, "reason")
        if reason not in ("", *PAUSE_REASONS):
            raise HTTPException(400, f"“{reason}” is not a reason to pause that we know.")
        return await self._send(AgentPaused(visit.user.name, reason))

    async def end(self, visit: Visit) -> Response:
        return await self._send(AgentSignedOut(visit.user.name))

    async def hang_up(self, visit: Visit) -> Response:
        """Ends the attempt the page showed: a late click never ends the call after it."""
        call = self._call(visit)
        if call is None or text_field(visit.form, "attempt") != str(call.attempt):
            return _back()
        return await self._send(AgentHungUp(visit.user.name))

    async def do_not_call(self, visit: Visit) -> Response:
        """The person on the line asked not to be called again; the call goes on. Field `evidence`:
        their words, if the agent wrote them down."""
        call = self._call(visit)
        if call is None or call.attempt is None:
            return _back()
        if text_field(visit.form, "attempt") != str(call.attempt):
            return _back()
        evidence = text_field(visit.form, "evidence")[:NOTES_LIMIT]
        return await self._send(AgentSuppressed(visit.user.name, call.attempt, evidence))

    async def launch(self, visit: Visit) -> Response:
        return await self._about_preview(visit, AgentLaunched(visit.user.name))

    async def skip(self, visit: Visit) -> Response:
        return await self._about_preview(visit, AgentSkipped(visit.user.name))

    async def dispose(self, visit: Visit) -> Response:
        snapshot = self._office.snapshot()
        agent = snapshot.agent(visit.user.name)
        call = None if agent is None else agent.call
        if (
            agent is None
            or call is None
            or call.attempt is None
            or agent.state is not AgentState.WRAPUP
            or text_field(visit.form, "attempt") != str(call.attempt)
        ):
            return _back()
        event = self._disposed(visit, call.attempt, call, _campaign_of(agent, snapshot))
        if isinstance(event, _Draft):
            return self._page(visit, event, status=422)
        try:
            return await self._send(event)
        except OfficeBusy:
            typed = _Draft(
                event.disposition,
                event.notes,
                text_field(visit.form, "callback_local"),
                {"form": "The service is busy: nothing was saved. Press Save again."},
            )
            return self._page(visit, typed, status=503)

    # --- how --------------------------------------------------------------------------------

    async def _send(self, event: AgentEvent) -> Response:
        if self._office.snapshot().agent(event.agent) is not None:
            await self._office.send(event)
        return _back()

    async def _about_preview(self, visit: Visit, event: AgentLaunched | AgentSkipped) -> Response:
        call = self._call(visit)
        if call is None or text_field(visit.form, "lead") != str(call.lead.lead_id):
            return _back()
        return await self._send(event)

    def _call(self, visit: Visit) -> CallView | None:
        agent = self._office.snapshot().agent(visit.user.name)
        return None if agent is None else agent.call

    def _disposed(
        self, visit: Visit, attempt: AttemptId, call: CallView, campaign: Campaign
    ) -> AgentDisposed | _Draft:
        name = text_field(visit.form, "disposition")
        notes = text_field(visit.form, "notes").replace("\r\n", "\n")
        local = text_field(visit.form, "callback_local")
        choice = next((each for each in campaign.dispositions if each.name == name), None)
        errors: dict[str, str] = {}
        callback_at: Instant | None = None
        if choice is None:
            errors["disposition"] = "Choose how the call ended."
        elif choice.callback:
            try:
                callback_at = callback_instant(local, call.lead.number.zones[0], self._office.now())
            except NotATime as error:
                errors["callback_local"] = str(error)
        if len(notes) > NOTES_LIMIT:
            errors["notes"] = f"Notes may be {NOTES_LIMIT:,} characters; these are {len(notes):,}."
        if errors:
            return _Draft(name, notes, local, errors)
        return AgentDisposed(visit.user.name, attempt, name, notes, callback_at)

    def _page(self, visit: Visit, draft: _Draft | None = None, status: int = 200) -> Response:
        snapshot = self._office.snapshot()
        if snapshot.agent(visit.user.name) is None:
            return self._site.full(visit, "agent_unknown.html", status=404)
        regions = {region.name: region for region in self._regions(visit, snapshot, draft)}
        return self._site.full(
            visit, "agent.html", live={"page": "agent"}, status=status, regions=regions
        )

    def _regions(
        self, visit: Visit, snapshot: FloorSnapshot, draft: _Draft | None = None
    ) -> Sequence[Region]:
        notices = self._site.notices(visit, snapshot)
        agent = snapshot.agent(visit.user.name)
        if agent is None:
            return (notices,)
        campaign = _campaign_of(agent, snapshot)
        call = agent.call
        wrapping_up = agent.state is AgentState.WRAPUP and call is not None
        region = self._site.pages.region
        return (
            notices,
            region("state", "agent/state.html", agent=agent, campaign=campaign),
            region(
                "controls",
                "agent/controls.html",
                agent=agent,
                csrf=visit.csrf,
                pause_reasons=PAUSE_REASONS,
            ),
            region(
                "call",
                "agent/call.html",
                agent=agent,
                campaign=campaign,
                call=call,
                csrf=visit.csrf,
                script=() if call is None else _script(agent, call, campaign),
            ),
            region(
                "wrapup",
                "agent/wrapup.html",
                key=f"attempt {call.attempt}" if wrapping_up and call is not None else "",
                keep=True,
                call=call if wrapping_up else None,
                campaign=campaign,
                choices=_shortcuts(campaign.dispositions),
                hours=hours_text(campaign.hours),
                deadline=Instant(agent.since + campaign.wrapup_limit_ms),
                draft=draft or _Draft(),
                notes_limit=NOTES_LIMIT,
                csrf=visit.csrf,
            ),
        )


def _back() -> Response:
    return RedirectResponse("/agent", 303)


def _campaign_of(agent: AgentView, snapshot: FloorSnapshot) -> Campaign:
    view = snapshot.campaign(agent.campaign)
    if view is None:
        raise LookupError(f"agent {agent.name} is in {agent.campaign!r}, not in the snapshot")
    return view.campaign


def _script(agent: AgentView, call: CallView, campaign: Campaign) -> object:
    own = {"agent": agent.display_name, "seller": campaign.seller}
    return fill(campaign.script, {**own, **call.lead.fields})


def _shortcuts(
    dispositions: Sequence[AgentDisposition],
) -> tuple[tuple[str, AgentDisposition], ...]:
    """Each choice with its number key; the tenth and later have none."""
    return tuple(
        (str(number) if number <= 9 else "", choice)
        for number, choice in enumerate(dispositions, start=1)
    )


def hours_text(hours: CallingHours) -> str:
    """`Mon-Fri 09:00-20:00, Sat 10:00-18:00`: the campaign's days and hours."""

    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    spans: list[str] = []
    for day, run in groupby(range(7), key=lambda day: hours.days[day]):
        names = [_WEEKDAYS[each] for each in run]
        if day is not None:
            days = names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"
            spans.append(f"{days} {clock(day[0])}-{clock(day[1])}")
    return ", ".join(spans)


def _call_data(call: CallView) -> dict[str, object]:
    return {
        "lead_id": call.lead.lead_id,
        "number": call.lead.number.e164,
        "zone": call.lead.number.zones[0],
        "fields": dict(call.lead.fields),
        "attempts": call.lead.attempts,
        "attempt": call.attempt,
        "attempt_state": call.state,
        "talk_started_at": call.talk_started_at,
        "notice": call.notice,
        "opted_out": call.opted_out,
    }
