"""The demo's live view: what a wallboard would show, redrawn twice a second on a terminal."""

from __future__ import annotations

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.instant import utc
from dialer.model.snapshot import CampaignView, FloorSnapshot

_COLOURS = {
    AgentState.INCALL: "green",
    AgentState.WRAPUP: "yellow",
    AgentState.READY: "cyan",
    AgentState.RESERVED: "magenta",
}
PLAIN_EVERY = 20
"""Without a terminal one line is printed at every so many redraws."""


class Screen:
    """Draws snapshots on stderr; without a terminal, a line now and then."""

    def __init__(self, console: Console, leads: int) -> None:
        self._console = console
        self._leads = leads
        self._drawn = 0
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Screen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def draw(self, snapshot: FloorSnapshot, address: str) -> None:
        view = snapshot.campaigns[0]
        if self._console.is_terminal:
            self._live.update(self._picture(snapshot, view, address), refresh=True)
        elif self._drawn % PLAIN_EVERY == 0:
            self._console.print(_line(snapshot, view), highlight=False)
        self._drawn += 1

    def _picture(self, snapshot: FloorSnapshot, view: CampaignView, address: str) -> Group:
        agents = Table(title="agents", expand=True, box=None)
        for column in ("agent", "state", "for", "with"):
            agents.add_column(column)
        for agent in snapshot.agents:
            lead = agent.call.lead if agent.call else None
            name = " ".join(lead.fields.values()) if lead else ""
            agents.add_row(
                agent.display_name,
                Text(agent.state, style=_COLOURS.get(agent.state, "dim")),
                f"{(snapshot.at - agent.since) // 1000} s",
                f"{lead.number.e164} {name}" if lead else "",
            )
        stages = Table(title="calls by stage", expand=True, box=None)
        for state in AttemptState:
            if state is not AttemptState.ENDED:
                stages.add_column(state.lower(), justify="right")
        stages.add_row(
            *(str(view.stages.get(s, 0)) for s in AttemptState if s is not AttemptState.ENDED)
        )
        clock = utc(snapshot.at).strftime("%a %H:%M:%S")
        return Group(
            Text(f"{view.campaign.title}   {clock} UTC (demo clock)   {address}", style="bold"),
            ProgressBar(total=max(1, self._leads), completed=_settled(view), width=60),
            agents,
            stages,
            Text(_line(snapshot, view)),
            Text(view.not_dialling, style="dim"),
        )


def _settled(view: CampaignView) -> int:
    return view.dials - sum(view.stages.values()) + sum(view.refused.values())


def _line(snapshot: FloorSnapshot, view: CampaignView) -> str:
    busy = sum(1 for agent in snapshot.agents if agent.state is AgentState.INCALL)
    return (
        f"dials {view.dials}  in progress {sum(view.stages.values())}  answered {view.answered}  "
        f"live {view.live}  machines {view.machines}  connected {view.connected}  "
        f"dropped {view.dropped} ({view.drop_rate:.1%})  "
        f"on a call {busy}/{len(snapshot.agents)}  refused {sum(view.refused.values())}"
    )
