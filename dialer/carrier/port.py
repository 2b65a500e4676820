"""What the service asks of any carrier; `tests/contracts/carrier_contract.py` holds each to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import trio

from dialer.model.commands import CarrierCommand
from dialer.model.events import CarrierEvent

Emit = Callable[[CarrierEvent], None]
"""How a carrier speaks: called from the trio thread, never blocks."""


class Carrier(Protocol):
    """Places, answers for, joins and ends legs.

    Every `Dial` and `CallAgent` ends in exactly one `LegEnded` or one `LegsLost` that names it. A
    call that cannot be placed is a `LegEnded`, not an exception: a dial is never retried on doubt.
    """

    def carry_out(self, command: CarrierCommand) -> None:
        """Take a command. Never waits; what comes of it arrives as events."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled. Started once the first `CapacityChanged` has been emitted; on
        cancellation every leg is hung up before it returns."""
