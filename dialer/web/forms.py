"""What people type: forms read with a limit, and times in somebody else's zone."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from dialer.model.instant import DAY_MS, Instant, instant_of

FORM_LIMIT = 64 * 1024
UPLOAD_LIMIT = 200 * 1024 * 1024
_CALLBACK_WITHIN_MS = 366 * DAY_MS


class NotATime(Exception):
    """A callback time that cannot be kept; the text is for the agent who typed it."""


def limited_form(request: Request, limit: int) -> AbstractAsyncContextManager[FormData]:
    """The request's form, to be entered with `async with` (uploaded files are spooled to disk and
    closed on leaving). Raises HTTPException 413 for a body of more than `limit` bytes, before it is
    read where its length was declared, while it is read where not."""
    too_large = HTTPException(
        413, f"What you sent is larger than {limit // 1024:,} KB. Nothing was done; send less."
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise too_large
        return message

    counted = Request(request.scope, receive)
    return counted.form(max_files=1, max_fields=20, max_part_size=FORM_LIMIT)


def text_field(form: FormData, name: str) -> str:
    """The field's text without surrounding space, "" where it is missing."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def callback_instant(local: str, zone: str, now: Instant) -> Instant:
    """The instant of `2026-11-23T10:30` on the clocks of `zone`.

    Where clocks are set back and a time comes twice, the first is meant. Raises NotATime for what
    is no time, has passed, is more than a year away, or is skipped when clocks go forward.
    """
    if not local:
        raise NotATime("Choose when to call back.")
    try:
        wall = datetime.fromisoformat(local)
    except ValueError:
        raise NotATime(f"“{local}” is not a date and time; write it as 2026-11-23 10:30.") from None
    if wall.tzinfo is not None:
        raise NotATime(f"Leave the time zone out of “{local}”: the lead's own zone is meant.")
    moment = wall.replace(tzinfo=ZoneInfo(zone))
    at = instant_of(moment)
    if at <= now:
        raise NotATime("That time has passed where the lead lives; choose one in the future.")
    if at > now + _CALLBACK_WITHIN_MS:
        raise NotATime("That is more than a year away; choose an earlier day.")
    if moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise NotATime("Clocks go forward that night and skip this time; choose another.")
    return at
