"""The SIP carrier keeps the contract: real worker processes, SIPp and its recordings far away."""

from __future__ import annotations

import math
import struct
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dialer.carrier.port import Emit
from dialer.carrier.sip.pool import SipCarrier
from dialer.model.instant import Instant
from dialer.model.trunks import Trunk
from tests.contracts.carrier_contract import CarrierContract, CarrierUnderTest
from tests.sip.far_end import FarEnd, Script, answering
from tests.sip.sipp import DEMO, number, sipp

MESSAGE_S = 0.9
PRESSER = "+13125550100"


def service_now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


def write_message(file: Path) -> None:
    """A WAV file as `PlayMessage` wants it."""
    with wave.open(str(file), "wb") as message:
        message.setnchannels(1)
        message.setsampwidth(2)
        message.setframerate(8_000)
        for at in range(round(MESSAGE_S * 8_000)):
            message.writeframes(
                struct.pack("<h", round(6_000 * math.sin(2 * math.pi * 440 * at / 8_000)))
            )


class TestSipCarrier(CarrierContract):
    @pytest.fixture(autouse=True)
    def own_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def build(self, emit: Emit) -> AsyncIterator[CarrierUnderTest]:
        message = self.folder / "message.wav"
        write_message(message)
        async with (
            sipp(DEMO / "carrier.xml", 23_000, self.folder) as trunk,
            sipp(DEMO / "agents.xml", 24_000, self.folder) as phones,
        ):
            with FarEnd({PRESSER: Script(answering().says, keys=((1.0, "9"),))}) as far:
                yield self._under_test(emit, message, trunk, phones, far.address)

    def _under_test(
        self, emit: Emit, message: Path, trunk: str, phones: str, far: str
    ) -> CarrierUnderTest:
        trunks = [Trunk("test", trunk, 100, 10.0), Trunk("far", far, 100, 10.0)]
        return CarrierUnderTest(
            carrier=SipCarrier(emit, service_now, trunks=trunks, workers=2),
            number=number,
            agent_address=f"sip:agent01@{phones}",
            message_file=str(message),
            presser=PRESSER,
            presser_trunk="far",
        )
