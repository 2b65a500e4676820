"""Single calls, by real SIP: what each response becomes."""

from __future__ import annotations

import time

import pytest
import trio

from dialer.model.calls import Ending, Tone, VerdictKind
from dialer.model.commands import Dial, Hangup
from dialer.model.events import (
    CapacityChanged,
    LegAnswered,
    LegEnded,
    LegProgressed,
    ToneHeard,
    VerdictReached,
)
from tests.sip.bench import CALLER_ID, bench, eventually
from tests.sip.far_end import RINGING, Say, Script, answering

NUMBER = "+12125550100"


async def test_a_worker_of_the_wheel_holds_four_calls_and_says_so() -> None:
    async with bench({}) as b:
        assert b.line.events == [CapacityChanged(4)]


async def test_an_answered_call_and_who_it_is_from() -> None:
    async with bench({NUMBER: answering()}) as b:
        began = time.time_ns() // 1_000_000
        leg = b.dial(NUMBER, name='Clear "\\ view')
        answered = await b.line.heard(LegAnswered, leg)
        progress = [event for event in b.line.about(leg) if isinstance(event, LegProgressed)]
        assert [(event.status, event.early_media) for event in progress] == [
            (100, False),
            (180, False),
        ]
        assert began <= progress[0].at <= answered.at <= time.time_ns() // 1_000_000
        call = b.far.call(NUMBER)
        assert call.invite.startswith(f"INVITE sip:{NUMBER}@{b.far.address} SIP/2.0")
        assert f'From: "Clear \\"\\\\ view" <sip:{CALLER_ID}@127.0.0.1>' in call.invite
        offered = call.invite.split("m=audio ")[1].split("\r\n")[0].split()
        assert offered[2:4] == ["0", "8"], "PCMU first, then PCMA"
        await eventually(lambda: call.acked)
        b.carrier.carry_out(Hangup(leg))
        assert (await b.line.heard(LegEnded, leg)).ending.status == 200
        await eventually(lambda: call.ended == "BYE")


@pytest.mark.parametrize(
    ("says", "ending"),
    [
        (Say(486, "Busy Here"), Ending(486, None, "Busy Here")),
        (
            Say(404, "Not Found", headers=('Reason: Q.850;cause=1;text="Unallocated"',)),
            Ending(404, 1, "Not Found"),
        ),
        (
            Say(503, "Service Unavailable", headers=("Reason: Q.850;cause=34",)),
            Ending(503, 34, "Service Unavailable"),
        ),
        (
            Say(302, "Moved", headers=("Contact: <sip:+12125550111@127.0.0.1>",)),
            Ending(302, None, "Moved"),
        ),
    ],
)
async def test_a_refusal_keeps_its_status_cause_and_phrase(says: Say, ending: Ending) -> None:
    async with bench({NUMBER: Script((Say(100, "Trying"), says))}) as b:
        leg = b.dial(NUMBER)
        assert (await b.line.heard(LegEnded, leg)).ending == ending
        assert len(b.far.calls) == 1, "a redirected or refused call is not placed again"


async def test_ringing_then_early_media() -> None:
    early = Say(183, "Session Progress", 0.1, sdp=True)
    refused = Say(404, "Not Found", 0.2)
    async with bench({NUMBER: Script((Say(100, "Trying"), RINGING, early, refused))}) as b:
        leg = b.dial(NUMBER, detect=True)
        assert (await b.line.heard(LegEnded, leg)).ending.status == 404
        assert [
            (event.status, event.early_media)
            for event in b.line.about(leg)
            if isinstance(event, LegProgressed)
        ] == [(100, False), (180, False), (183, True)]
        assert not [e for e in b.line.about(leg) if isinstance(e, LegAnswered | ToneHeard)]


async def test_the_far_end_hangs_up_and_says_why() -> None:
    script = Script(
        (Say(200, "OK", sdp=True),),
        bye_after_s=0.3,
        bye_headers=('Reason: Q.850;cause=16;text="Normal call clearing"',),
    )
    async with bench({NUMBER: script}) as b:
        leg = b.dial(NUMBER)
        ended = await b.line.heard(LegEnded, leg)
        assert (ended.ending.status, ended.ending.q850) == (200, 16)
        answered = await b.line.heard(LegAnswered, leg)
        assert 250 <= ended.at - answered.at <= 600


async def test_a_cancelled_call_ends_once_as_487_and_is_cancelled_far_away() -> None:
    async with bench({NUMBER: Script((Say(100, "Trying"), RINGING))}) as b:
        leg = b.dial(NUMBER)
        await b.line.wait(lambda e: isinstance(e, LegProgressed) and e.status == 180, 3)
        b.carrier.carry_out(Hangup(leg))
        b.carrier.carry_out(Hangup(leg))
        assert (await b.line.heard(LegEnded, leg)).ending.status == 487
        await eventually(lambda: b.far.call(NUMBER).ended == "CANCEL")
        await trio.sleep(0.2)
        assert sum(isinstance(event, LegEnded) for event in b.line.events) == 1


async def test_a_trunk_that_says_nothing_keeps_its_channels_until_they_are_free() -> None:
    async with bench({NUMBER: Script(())}) as b:
        silent = [b.dial(NUMBER) for _ in range(4)]
        await trio.sleep(0.2)
        for leg in silent:
            b.carrier.carry_out(Hangup(leg))
        for leg in silent:
            assert (await b.line.heard(LegEnded, leg)).ending.status == 487
        refused = b.dial(NUMBER)
        ended = await b.line.heard(LegEnded, refused)
        assert ended.ending == Ending(0, None, "no free channel here")


async def test_what_cannot_be_placed_ends_at_once() -> None:
    async with bench({}) as b:
        leg = b.call_agent("not a user")
        ended = await b.line.heard(LegEnded, leg)
        assert ended.ending.status == 0
        assert "not placed" in ended.ending.reason
        unknown = b.dial(NUMBER)
        b.carrier.carry_out(Dial(unknown, "nowhere", NUMBER, CALLER_ID, "", False))
        assert "nowhere" in (await b.line.heard(LegEnded, unknown)).ending.reason


async def test_dead_air_becomes_a_verdict_with_the_moments_of_the_worker() -> None:
    async with bench({NUMBER: answering(tone_hz=0.0)}) as b:
        leg = b.dial(NUMBER, detect=True)
        reached = await b.line.heard(VerdictReached, leg, 8)
        answered = await b.line.heard(LegAnswered, leg)
        assert reached.verdict.kind is VerdictKind.UNSURE
        assert reached.verdict.greeting_ended_at is None
        lag_ms = (reached.at - answered.at) - reached.verdict.elapsed_ms
        assert -50 <= lag_ms <= 100, "audio time and wall time agree"


async def test_a_fax_tone_is_a_verdict() -> None:
    async with bench({NUMBER: answering(tone_hz=2_100.0)}) as b:
        leg = b.dial(NUMBER, detect=True)
        reached = await b.line.heard(VerdictReached, leg, 8)
        assert reached.verdict.kind is VerdictKind.FAX
        assert [e.tone for e in b.line.about(leg) if isinstance(e, ToneHeard)] in ([], [Tone.FAX])


async def test_listening_survives_another_media_port_with_the_answer() -> None:
    early = Say(183, "Session Progress", 0.1, sdp=True)
    answer = Say(200, "OK", 0.3, sdp=True, moved=True)
    async with bench({NUMBER: Script((early, answer), tone_hz=2_100.0)}) as b:
        leg = b.dial(NUMBER, detect=True)
        reached = await b.line.heard(VerdictReached, leg, 8)
        assert reached.verdict.kind is VerdictKind.FAX
