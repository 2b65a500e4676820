"""The opt-out key over real SIP: pressed during the drop message, listed before the goodbye."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import trio

from dialer.demo.robots import press_start
from dialer.model.journal import EntryKind
from tests.sip.bench import eventually
from tests.sip.far_end import RINGING, FarCall, FarEnd, Say, Script, spoken
from tests.sip.service_process import PATIENCE_S, ROOT, build, serving
from tests.sip.sipp import DEMO

AUDIBLE = 1_000
"""Of 32,767: the message is well above it, a silent line far below."""


def hears_the_message(call: FarCall) -> bool:
    heard = call.audio()
    return len(heard) > 0 and int(np.abs(heard.astype(np.int32)).max()) > AUDIBLE


async def test_the_key_during_the_message_outlives_a_crash_at_the_goodbye(tmp_path: Path) -> None:
    world = await build(tmp_path, ["human_2s"], agents=1)
    (number,) = world.numbers
    campaign = tmp_path / "campaigns" / "demo" / "campaign.toml"
    text = campaign.read_text()
    campaign.write_text(text.replace("drop_message =", 'opt_out_key = "9"\ndrop_message =', 1))
    person = Script(
        (Say(100, "Trying"), RINGING, Say(200, "OK", 0.6, sdp=True)),
        audio=spoken((DEMO / "audio" / "hello_a.ul").read_bytes()),
    )
    with FarEnd({number: person}, port=world.ports.carrier) as far:
        async with (
            world.phones(),
            serving(world) as service,
            service.person(world, "manager") as manager,
            service.person(world, "agent01") as ada,
        ):
            await ada.open_shift()
            await press_start(manager.client)
            await eventually(lambda: bool(far.calls), PATIENCE_S)
            await ada.click("pause", reason="Break")
            call = far.call(number)
            await eventually(lambda: hears_the_message(call), PATIENCE_S)
            far.press(call, "1")
            far.press(call, "9")
            await eventually(lambda: call.ended == "BYE", PATIENCE_S)
            service.process.kill()
            await service.process.wait()

    (wish,) = await world.journal(EntryKind.SUPPRESSED)
    assert wish.number == number and wish.data["channel"] == "CALL_KEY"
    assert "pressed 9" in wish.personal["evidence"]
    assert await gate_says(world.config, number) == ["INTERNAL_DNC"]


async def gate_says(config: Path, number: str) -> list[str]:
    """What of the gate's reasons is about requests, asked by the command without a service."""
    command = [sys.executable, "-m", "dialer", "dnc", "check", number]
    command += ["--json", "--config", str(config)]
    done = await trio.run_process(
        command, cwd=ROOT, capture_stdout=True, capture_stderr=True, check=False
    )
    assert done.stdout, done.stderr.decode()
    codes = json.loads(done.stdout)["codes"]
    assert done.returncode == 1
    return [code for code in codes if code.endswith("DNC")]
