"""Whether the journal is whole, what vouches for it, and bundles of it to hand over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.journal import EntryKind
from dialer.web.forms import text_field
from dialer.web.officer.desk import Desk, Form, Verified, refused_form, utc_instant
from dialer.web.session import Visit

PATH = "/compliance/audit"
EXPORTS_SHOWN = 10
_PIECE = 256 * 1024


class AuditPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [
            self._desk.route(PATH, self.page),
            self._desk.route(f"{PATH}/verify", self.verify, post=True),
            self._desk.route(f"{PATH}/export", self.export, post=True),
        ]

    async def page(self, visit: Visit) -> Response:
        return await self._page(visit, Form())

    async def verify(self, visit: Visit) -> Response:
        """Check the whole chain now."""
        verification = await self._office.verify()
        self._desk.verified = Verified(verification, self._office.now(), visit.user.display_name)
        return RedirectResponse(f"{PATH}#chain", 303)

    async def export(self, visit: Visit) -> Response:
        """A bundle as a download. Fields: `since`, `until` (UTC, both may be empty), `numbers`."""
        typed = {name: text_field(visit.form, name) for name in ("since", "until", "numbers")}
        try:
            since = utc_instant("since", typed["since"])
            until = utc_instant("until", typed["until"])
            if since is not None and until is not None and since >= until:
                raise OperatorError(Problem("until", None, "this is not after the beginning"))
            made = await self._office.export(
                since, until, numbers=bool(typed["numbers"]), by=visit.user.name
            )
        except JournalFault as fault:
            problem = OperatorError(Problem("", None, str(fault)))
            return await self._page(visit, refused_form("export", typed, problem, {}))
        except OperatorError as error:
            return await self._page(visit, refused_form("export", typed, error, {}))
        name = f"journal-{made.first_seq}-{made.last_seq}.zip"
        return StreamingResponse(
            _pieces(made.file),
            media_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Length": str(made.size),
            },
        )

    async def _page(self, visit: Visit, form: Form) -> Response:
        status, fault = None, ""
        try:
            status = await self._office.chain_status()
        except (OperatorError, JournalFault) as error:
            fault = str(error)
        return self._desk.page(
            visit,
            "audit.html",
            PATH,
            status=form.status,
            form=form,
            verified=self._desk.verified,
            chain=status,
            fault=fault,
            exports=await self._office.journal(kind=EntryKind.EXPORTED, limit=EXPORTS_SHOWN),
        )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
