"""Audio, sample by sample: who hears whom, in one worker and across two."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trio
from numpy.typing import NDArray

from dialer.model.calls import LegId
from dialer.model.commands import Bridge, Hangup, PlayMessage
from dialer.model.events import CarrierEvent, LegEnded, LegsBridged, MessageEnded
from tests.sip.bench import Bench, bench, descendants, eventually
from tests.sip.far_end import RATE, answering, strength

NUMBER = "+12125550100"
LEAD_HZ = 700.0
AGENT_HZ = 1_100.0
BEEP_HZ = 1_000.0
LOUD = 4_000.0
"""The far end sends its tones with an amplitude of 6,000."""
FAINT = 300.0
SCRIPTS = {NUMBER: answering(LEAD_HZ), "agent": answering(AGENT_HZ)}
ONE_OR_TWO_WORKERS = pytest.mark.parametrize("workers", [1, 2])


def open_files() -> int:
    """Of all workers together."""
    return sum(len(list(Path(f"/proc/{worker}/fd").iterdir())) for worker in descendants())


async def lead_and_agent(b: Bench, workers: int) -> tuple[LegId, LegId]:
    """Both up; with two workers, one on each."""
    agent = await b.up(b.call_agent("agent"))
    lead = await b.up(b.dial(NUMBER))
    homes = {b.carrier.worker_of(agent), b.carrier.worker_of(lead)}
    assert len(homes) == workers
    return lead, agent


def bridge_number(wanted: int) -> Callable[[CarrierEvent], bool]:
    """True of the event that is the `wanted`th LegsBridged, asked about all in order."""
    seen = 0

    def is_it(event: CarrierEvent) -> bool:
        nonlocal seen
        seen += isinstance(event, LegsBridged)
        return seen == wanted

    return is_it


async def bridged(b: Bench, lead: LegId, agent: LegId) -> LegsBridged:
    b.carrier.carry_out(Bridge(lead, agent))
    return await b.line.heard(LegsBridged, lead)


def clear(audio: NDArray[np.int16], hz: float) -> bool:
    """The tone is there in most stretches of 40 ms, not just on average. Some may be lost: frames
    come late where other work keeps the machine busy."""
    pieces = [audio[at : at + 320] for at in range(0, len(audio) - 319, 320)]
    return sum(strength(piece, hz) > LOUD for piece in pieces) > 0.7 * len(pieces)


@ONE_OR_TWO_WORKERS
async def test_each_hears_the_other_and_the_agent_a_beep(workers: int) -> None:
    async with bench(SCRIPTS, workers) as b:
        lead, agent = await lead_and_agent(b, workers)
        far_lead, far_agent = b.far.call(NUMBER), b.far.call("agent")
        await trio.sleep(0.3)
        before = (far_lead.audio()[-RATE // 10 :], far_agent.audio()[-RATE // 10 :])
        assert max(strength(before[0], AGENT_HZ), strength(before[1], LEAD_HZ)) < FAINT
        heard = (len(far_lead.audio()), len(far_agent.audio()))
        await bridged(b, lead, agent)
        await eventually(lambda: len(far_agent.audio()) > heard[1] + 3 * RATE // 2)
        to_lead, to_agent = far_lead.audio()[heard[0] :], far_agent.audio()[heard[1] :]
        assert clear(to_agent[RATE // 5 :], LEAD_HZ)
        assert clear(to_lead[RATE // 5 :], AGENT_HZ)
        assert strength(to_agent[: RATE // 5], BEEP_HZ) > 1_500, "no beep"
        assert strength(to_agent[RATE // 2 : RATE], BEEP_HZ) < FAINT, "the beep goes on"
        assert strength(to_lead[: RATE // 5], BEEP_HZ) < FAINT, "the lead hears the beep"
        assert strength(to_agent[RATE // 2 : RATE], AGENT_HZ) < FAINT, "the agent hears an echo"


@ONE_OR_TWO_WORKERS
async def test_an_agents_phone_is_bridged_twenty_times_in_a_row(workers: int) -> None:
    async with bench(SCRIPTS, workers) as b:
        agent = await b.up(b.call_agent("agent"))
        opened: list[int] = []
        for _ in range(20):
            lead = await b.up(b.dial(NUMBER))
            await bridged(b, lead, agent)
            await trio.sleep(0.06)
            b.carrier.carry_out(Hangup(lead))
            await b.line.heard(LegEnded, lead)
            opened.append(open_files())
        assert max(opened[10:]) <= max(opened[:10]), f"open files of the workers: {opened}"
        lead = await b.up(b.dial(NUMBER))
        before = len(b.far.call("agent").audio())
        await bridged(b, lead, agent)
        await eventually(lambda: len(b.far.call("agent").audio()) > before + RATE)
        assert clear(b.far.call("agent").audio()[before + RATE // 5 :], LEAD_HZ)
        assert not [e for e in b.line.about(agent) if isinstance(e, LegEnded)]


@ONE_OR_TWO_WORKERS
async def test_bridging_again_and_again_uses_up_nothing(workers: int) -> None:
    """More bridges than the library has conference ports (254), between the same two legs."""
    async with bench(SCRIPTS, workers) as b:
        lead, agent = await lead_and_agent(b, workers)
        for done in range(270):
            b.carrier.carry_out(Bridge(lead, agent))
            await b.line.wait(bridge_number(done + 1), 3.0)
        before = len(b.far.call("agent").audio())
        await eventually(lambda: len(b.far.call("agent").audio()) > before + RATE)
        assert clear(b.far.call("agent").audio()[before + RATE // 5 :], LEAD_HZ)


@ONE_OR_TWO_WORKERS
async def test_when_the_agent_goes_the_lead_hears_nobody_and_can_be_given_to_another(
    workers: int,
) -> None:
    scripts = {**SCRIPTS, "second": answering(1_700.0)}
    async with bench(scripts, workers) as b:
        lead, agent = await lead_and_agent(b, workers)
        second = await b.up(b.call_agent("second"))
        await bridged(b, lead, agent)
        b.far.hang_up(b.far.call("agent"))
        await b.line.heard(LegEnded, agent)
        far_lead = b.far.call(NUMBER)
        await trio.sleep(0.2)
        heard = len(far_lead.audio())
        await eventually(lambda: len(far_lead.audio()) > heard + RATE // 4)
        assert strength(far_lead.audio()[heard:], AGENT_HZ) < FAINT
        b.carrier.carry_out(Bridge(lead, second))
        await b.line.wait(lambda e: isinstance(e, LegsBridged) and e.agent_leg == second, 3)
        heard = len(far_lead.audio())
        await eventually(lambda: len(far_lead.audio()) > heard + RATE // 2)
        assert clear(far_lead.audio()[heard + RATE // 5 : heard + RATE // 2], 1_700.0)


@ONE_OR_TWO_WORKERS
async def test_a_bridge_survives_phones_that_change_their_media(workers: int) -> None:
    async with bench(SCRIPTS, workers) as b:
        lead, agent = await lead_and_agent(b, workers)
        await bridged(b, lead, agent)
        far_lead, far_agent = b.far.call(NUMBER), b.far.call("agent")
        b.far.move(far_agent)
        b.far.move(far_lead)
        await eventually(lambda: far_agent.moves == far_lead.moves == 1)
        await trio.sleep(0.2)
        heard = (len(far_lead.audio()), len(far_agent.audio()))
        await eventually(lambda: len(far_lead.audio()) > heard[0] + RATE // 2)
        assert clear(far_lead.audio()[heard[0] :], AGENT_HZ)
        assert clear(far_agent.audio()[heard[1] :], LEAD_HZ)


@ONE_OR_TWO_WORKERS
async def test_a_recording_holds_what_each_side_was_sent(workers: int, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    async with bench(SCRIPTS, workers, recordings=folder) as b:
        lead, agent = await lead_and_agent(b, workers)
        await bridged(b, lead, agent)
        await trio.sleep(1.0)
        b.carrier.carry_out(Hangup(lead))
        await b.line.heard(LegEnded, lead)
        await trio.sleep(0.3)
    heard = {}
    for side in ("lead", "agent"):
        with wave.open(str(folder / f"leg{lead}-{side}-hears.wav")) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            heard[side] = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    middle = slice(RATE // 2, RATE * 9 // 10)
    assert clear(heard["lead"][middle], AGENT_HZ)
    assert clear(heard["agent"][middle], LEAD_HZ)
    assert strength(heard["agent"][: RATE // 5], BEEP_HZ) > 1_500


def write_tone(file: Path, hz: float, seconds: float) -> None:
    samples = (6_000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(
        "<i2"
    )
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


async def test_a_message_is_heard_once_and_to_its_end(tmp_path: Path) -> None:
    write_tone(tmp_path / "message.wav", 500.0, 0.8)
    async with bench(SCRIPTS) as b:
        lead = await b.up(b.dial(NUMBER))
        await trio.sleep(0.1)
        began = len(b.far.call(NUMBER).audio())
        b.carrier.carry_out(PlayMessage(lead, str(tmp_path / "message.wav")))
        await b.line.heard(MessageEnded, lead)
        await trio.sleep(0.5)
        audio = b.far.call(NUMBER).audio()[began:]
        loud = sum(strength(audio[at : at + 160], 500.0) > LOUD for at in range(0, len(audio), 160))
        assert 38 <= loud <= 41, f"{loud} frames of 20 ms for a message of 40"


async def test_a_message_that_cannot_be_played_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound in here")
    async with bench(SCRIPTS) as b:
        for file in (tmp_path / "missing.wav", tmp_path / "text.wav"):
            lead = await b.up(b.dial(NUMBER))
            b.carrier.carry_out(PlayMessage(lead, str(file)))
            await b.line.heard(MessageEnded, lead, 1.0)
