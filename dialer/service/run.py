"""The service's nursery tree: store, floor, carrier, web, in this order, and back in reverse."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import trio

from dialer import __version__
from dialer.carrier.port import Carrier, Emit
from dialer.carrier.sip.pool import SipCarrier
from dialer.compliance.law_archive import archived
from dialer.compliance.suppression import Suppressions
from dialer.dnc.shelf import ListShelf
from dialer.floor.floor import Floor
from dialer.intake.lead_csv import read_leads
from dialer.model.agents import AgentState
from dialer.model.commands import Command, RaiseAlarm, Record, RefillHopper
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.events import CampaignChanged, DrainAsked, ListsChanged, StopAsked
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.service.anchoring import anchoring, anchors_of
from dialer.service.audit_queries import RulesInUse
from dialer.service.clock import ServiceClock
from dialer.service.clock_health import ClockWatch
from dialer.service.control import ControlSocket
from dialer.service.dispatcher import Dispatcher
from dialer.service.list_shelf import put_in_force
from dialer.service.loading import OperatorData, suppressions_of
from dialer.service.office import ServiceOffice
from dialer.service.questions import store_leads
from dialer.service.reopening import reopen_freed
from dialer.service.retaining import retain_daily
from dialer.service.vouching import Vouching
from dialer.settings import Settings
from dialer.store.port import Store
from dialer.store.reservations import SharedBook
from dialer.store.sqlite import SqlStore
from dialer.telemetry.logs import attempt_line
from dialer.telemetry.metrics import Metrics
from dialer.web.app import build_app, serve

_log = logging.getLogger("dialer.service")

LISTS_LOOKED_AT_S = 0.5
"""How often the shelf is asked for new versions of lists: they count within a second."""


@dataclass(frozen=True, slots=True)
class Running:
    """A service that is up: where its pages are, and its office."""

    address: str
    office: ServiceOffice


class Service:
    """The service over one set of settings and operator data, with SIP and SQLite."""

    def __init__(self, settings: Settings, data: OperatorData) -> None:
        self._settings = settings
        self._data = data
        self._left = trio.Event()

    def leave(self) -> None:
        """Hang up, flush and end, now."""
        self._left.set()

    async def run(
        self, *, task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until `leave`. Raises OperatorError where operator data has problems."""
        if self._data.problems:
            raise OperatorError(*self._data.problems)
        self._settings.data.mkdir(parents=True, exist_ok=True)
        clock = ServiceClock(self._settings.clock_shift_s * 1000)
        suppressions = suppressions_of(self._data)
        floor = Floor(
            self._data.ruleset,
            suppressions,
            self._settings.trunks,
            enabled=self._settings.enabled,
        )
        dispatcher = Dispatcher(floor, clock.now, lambda command: route(command))
        metrics = Metrics(dispatcher.snapshot)
        store = SqlStore(
            self._settings.database,
            dispatcher.emit,
            clock.shift_ms,
            self._shared_book(),
            lambda note: anchors.take(note),
        )

        def alarm(name: str, text: str) -> None:
            route(RaiseAlarm(name, text))
            with suppress(JournalFault):  # at the very end nobody writes any more
                data: dict[str, JsonValue] = {"name": name, "text": text}
                store.carry_out(Record(JournalEntry(EntryKind.ALARM, clock.now(), data=data)))

        anchors = anchors_of(self._settings.audit, alarm, store.keep_stamp)
        carrier = self._carrier(dispatcher.emit, clock.now, metrics)
        route = _Router(store, carrier, metrics)
        office = ServiceOffice(
            clock,
            floor,
            dispatcher,
            store,
            metrics,
            self._settings.data,
            self._rules(),
            Vouching(store, anchors.states, self._settings.data),
        )

        async with anchoring(anchors), trio.open_nursery() as keeping:
            await keeping.start(store.run)
            await self._restore(store, dispatcher, clock)
            years = self._settings.audit.keep_years
            keeping.start_soon(retain_daily, store, clock.now, years, alarm)
            async with trio.open_nursery() as calling:
                calling.start_soon(dispatcher.run)
                if self._settings.clock.check == "kernel":
                    watch = ClockWatch(clock, self._settings.clock.max_offset_s, dispatcher.emit)
                    dispatcher.handle(watch.judge())
                    calling.start_soon(watch.run)
                if self._data.shelf is not None:
                    calling.start_soon(
                        _watch_lists,
                        self._data.shelf,
                        suppressions,
                        dispatcher,
                        store,
                        clock.now,
                        alarm,
                    )
                await calling.start(carrier.run)
                await self._import_lists(office, store, clock)
                async with trio.open_nursery() as showing:
                    await showing.start(ControlSocket(self._settings.data, office).run)
                    app = build_app(
                        office,
                        secret_key=self._settings.secret_key(),
                        secure_cookies=self._settings.web.secure_cookies,
                    )
                    web = self._settings.web
                    address = await showing.start(serve, app, web.host, web.port)
                    _log.info("serving pages at %s", address)
                    task_status.started(Running(address, office))
                    await self._left.wait()
                    showing.cancel_scope.cancel()
                await dispatcher.ask(StopAsked())
                calling.cancel_scope.cancel()
            store.carry_out(_changed("stopped", clock.now()))
            keeping.cancel_scope.cancel()

    def _shared_book(self) -> SharedBook | None:
        address = self._settings.reservations.database
        return SharedBook(address, self._settings.node()) if address else None

    def _carrier(self, emit: Emit, now: Callable[[], Instant], metrics: Metrics) -> Carrier:
        chosen = self._settings.carrier
        return SipCarrier(
            emit,
            now,
            trunks=self._settings.trunks,
            workers=chosen.workers,
            bind_host=chosen.bind_host,
            public_host=chosen.public_host,
            calls_per_worker=chosen.calls_per_worker,
            recordings=chosen.recordings,
            on_worker=metrics.worker_state,
        )

    def _rules(self) -> RulesInUse:
        return RulesInUse(self._data.ruleset, self._settings.enabled, self._data.shelf)

    async def drain(self, office: ServiceOffice) -> None:
        """No new dials; leave once every call has finished and every wrap-up is done."""
        await office.send(DrainAsked())
        snapshot = office.snapshot()
        while any(view.stages for view in snapshot.campaigns) or any(
            agent.state in (AgentState.INCALL, AgentState.WRAPUP) for agent in snapshot.agents
        ):
            snapshot = await office.changed(snapshot.version)
        self.leave()

    async def _restore(self, store: Store, dispatcher: Dispatcher, clock: ServiceClock) -> None:
        for campaign in self._data.campaigns.values():
            dispatcher.handle(CampaignChanged(campaign))
        dispatcher.handle(await store.restore(clock.now()))
        law = archived(self._data.ruleset, self._data.overlays)
        await store.keep_ruleset(law, clock.now(), "service")
        store.carry_out(
            _changed("started", clock.now(), clock_shift_ms=clock.shift_ms, version=__version__)
        )

    async def _import_lists(self, office: ServiceOffice, store: Store, clock: ServiceClock) -> None:
        """Lists named in campaign files; one imported before loads nothing again."""
        for campaign in self._data.campaigns.values():
            for source in campaign.lists:
                file = self._settings.campaigns / campaign.name / source.file
                content = await trio.Path(file).read_bytes()
                leads = await trio.to_thread.run_sync(
                    read_leads, file.name, content, source, self._settings.enabled
                )
                report = await store_leads(
                    store, campaign.name, leads, clock.now(), "service", self._settings.data
                )
                _log.info(
                    "list %s of campaign %s: %d rows, %d loaded, %d refused",
                    file.name,
                    campaign.name,
                    report.rows,
                    report.loaded,
                    len(report.rejected),
                )


async def _watch_lists(
    shelf: ListShelf,
    suppressions: Suppressions,
    dispatcher: Dispatcher,
    store: Store,
    now: Callable[[], Instant],
    alarm: Callable[[str, str], None],
) -> None:
    """A version imported by anybody on this machine is in force here within a second. One that is
    not whole is not taken, and what was in force stays. Leads whose number left a list, while
    nobody served too, are offered again."""
    failed, look = "", True
    while True:
        if look:
            with suppress(JournalFault):  # nothing can be written now: the next round looks again
                await reopen_freed(store, suppressions, now, dispatcher.emit)
                look = False
        await trio.sleep(LISTS_LOOKED_AT_S)
        try:
            changed = await trio.to_thread.run_sync(shelf.reload_if_changed)
        except OperatorError as error:
            if str(error) != failed:
                alarm("list_unreadable", f"A new version of a list was not taken: {error}")
            failed = str(error)
            continue
        failed = ""
        if changed:
            put_in_force(shelf, suppressions)
            dispatcher.emit(ListsChanged())
            look = True


class _Router:
    """Where each command goes."""

    def __init__(self, store: Store, carrier: Carrier, metrics: Metrics) -> None:
        self._store = store
        self._carrier = carrier
        self._metrics = metrics

    def __call__(self, command: Command) -> None:
        match command:
            case Record(entry=entry):
                self._metrics.observe(entry)
                if entry.kind is EntryKind.ATTEMPT_ENDED:
                    _log.info(attempt_line(entry))
                self._store.carry_out(command)
            case RefillHopper():
                self._store.carry_out(command)
            case RaiseAlarm(name=name, text=text):
                self._metrics.alarm(name)
                _log.error("%s: %s", name, text)
            case _:
                self._carrier.carry_out(command)


def _changed(change: str, now: Instant, **data: JsonValue) -> Record:
    return Record(JournalEntry(EntryKind.SERVICE_CHANGED, now, data={"change": change, **data}))
