"""A lawful drop over real SIP: a person answers, nobody is free, and they hear the message."""

from __future__ import annotations

from pathlib import Path

from dialer.demo.robots import press_start
from dialer.model.calls import AttemptState
from dialer.model.instant import SECOND_MS
from dialer.model.journal import EntryKind, JournalEntry
from dialer.service.offline import reading
from tests.sip.service_process import build, serving

MESSAGE_MS = 9 * SECOND_MS
"""The demo's message is a little longer."""


async def test_nobody_free_in_two_seconds_and_the_message_is_played_to_its_end(
    tmp_path: Path,
) -> None:
    world = await build(tmp_path, ["human_2s", "human_2s"])
    async with (
        world.carrier(),
        world.phones(),
        serving(world) as service,
        service.person(world, "manager") as manager,
        service.person(world, "agent01") as ada,
        service.person(world, "agent02") as ben,
    ):
        await ada.open_shift()
        await ben.open_shift()
        await press_start(manager.client)

        def both_dialled(entries: list[JournalEntry]) -> bool:
            return sum(e.kind is EntryKind.DIAL_INTENDED for e in entries) == 2

        await world.until_journal(both_dialled, "two calls under way")
        await ben.click("pause", reason="Break")
        await ada.is_in("INCALL")

        def one_ended(entries: list[JournalEntry]) -> bool:
            return any(e.kind is EntryKind.ATTEMPT_ENDED for e in entries)

        entries = await world.until_journal(one_ended, "the end of the call nobody took")
        (ended,) = [e for e in entries if e.kind is EntryKind.ATTEMPT_ENDED]
        assert ended.data["disposition"] == "DROP" and ended.data["dropped"] is True
        times = ended.data["times"]
        assert isinstance(times, dict)
        waiting, message = times[AttemptState.WAITING], times[AttemptState.MESSAGE]
        assert isinstance(waiting, int) and isinstance(message, int)
        assert 0 <= message - waiting <= 2 * SECOND_MS
        assert ended.at - message >= MESSAGE_MS
        assert (await ada.state())["state"] == "INCALL", "the other call goes on"
        await ada.finish_call()

        def all_ended(entries: list[JournalEntry]) -> bool:
            return sum(e.kind is EntryKind.ATTEMPT_ENDED for e in entries) == 2

        await world.until_journal(all_ended, "the end of the other call")
        report = await reading(world.settings).campaign_report("demo", world.now())
        assert (report.live, report.connected, report.dropped) == (2, 1, 1)
