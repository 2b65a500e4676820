"""The web application and its server."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import hypercorn.trio
import trio
from hypercorn.config import Config
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import HOUR_MS, SECOND_MS, rfc3339
from dialer.model.reports import Role
from dialer.web.agent_pages import AgentPages
from dialer.web.campaign_pages import ROLES as CAMPAIGN_ROLES
from dialer.web.campaign_pages import CampaignPages
from dialer.web.live import LiveSource, LiveStream, signed_out_event
from dialer.web.office import Office, OfficeBusy
from dialer.web.officer.pages import OfficerPages
from dialer.web.rendering import Pages
from dialer.web.session import SESSION_HOURS, Sessions, Visit
from dialer.web.site import Site
from dialer.web.user_pages import UserPages

GRACE_S = 3.0
"""How long requests in progress may take when the service stops."""
_DEAD_CLIENT_MS = 10_000

LiveSourceOf = Callable[[Visit], LiveSource]

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_TITLES = {
    400: "That was not understood",
    403: "Not allowed",
    404: "No such page",
    405: "Not possible here",
    413: "Too large",
}


def build_app(office: Office, *, secret_key: str, secure_cookies: bool = False) -> Starlette:
    """All pages over one office. `secret_key` signs the session cookie; with `secure_cookies` it is
    sent over TLS only."""
    pages = Pages(office)
    site = Site(office, pages, Sessions(office, pages), trio.Event())
    agents, campaigns, officers = AgentPages(site), CampaignPages(site), OfficerPages(site)
    sources: dict[str, tuple[tuple[Role, ...], LiveSourceOf]] = {
        "agent": ((Role.AGENT,), agents.live),
        "campaigns": (CAMPAIGN_ROLES, campaigns.live_list),
        "campaign": (CAMPAIGN_ROLES, campaigns.live_one),
        "compliance": ((Role.COMPLIANCE,), officers.live),
    }
    app = Starlette(
        routes=[
            *site.sessions.routes(),
            *agents.routes(),
            *campaigns.routes(),
            *officers.routes(),
            *UserPages(site).routes(),
            Route("/live", _LiveEndpoint(site, sources).endpoint),
            Route("/healthz", partial(_health, office)),
            Route("/metrics", partial(_metrics, office)),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(_SecurityHeaders),
            Middleware(
                SessionMiddleware,
                secret_key=secret_key,
                session_cookie="dialer_session",
                max_age=SESSION_HOURS * HOUR_MS // SECOND_MS,
                same_site="lax",
                https_only=secure_cookies,
            ),
        ],
        exception_handlers={
            HTTPException: partial(_refused, pages),
            OfficeBusy: partial(_busy, pages),
            Exception: partial(_failed, pages),
        },
    )
    app.state.closing = site.closing
    return app


async def serve(
    app: Starlette,
    host: str,
    port: int,
    *,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve an app of `build_app` until cancelled; port 0 takes any free one.

    Started with the address people can open (`http://127.0.0.1:8080`). On cancellation live streams
    end and requests in progress get a few seconds. Raises OperatorError where the address cannot
    be taken.
    """
    listener = _listener(host, port)
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{listener.getsockname()[1]}"
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = GRACE_S
    config.include_server_header = False
    config.errorlog = logging.getLogger("dialer.web")
    stopping = trio.Event()

    async def run(*, task_status: trio.TaskStatus[list[str]]) -> None:
        with trio.CancelScope(shield=True):
            await hypercorn.trio.serve(
                app,  # type: ignore[arg-type]  # Starlette's and hypercorn's ASGI types differ
                config,
                shutdown_trigger=stopping.wait,
                task_status=task_status,
            )

    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        task_status.started(address)
        try:
            await trio.sleep_forever()
        finally:
            app.state.closing.set()
            stopping.set()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise OperatorError(
            Problem(
                "web address",
                None,
                f"cannot be served: {error.strerror}",
                f"{host}:{port}",
                "Choose an address of this machine and a port that nothing else uses.",
            )
        ) from error
    # A browser that stops reading (a laptop put to sleep) would hold its stream, and the stop of
    # the service, for as long as TCP retries. Accepted connections inherit this limit.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAD_CLIENT_MS)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _LiveEndpoint:
    """`/live?page=...`: the stream of a page's regions, for the roles that may open the page."""

    def __init__(
        self, site: Site, sources: Mapping[str, tuple[tuple[Role, ...], LiveSourceOf]]
    ) -> None:
        self._site = site
        self._sources = sources

    async def endpoint(self, request: Request) -> Response:
        site = self._site
        visit = await site.sessions.visit(request)
        if visit is None:
            return Response(signed_out_event(), media_type="text/event-stream")
        page = request.query_params.get("page", "")
        if page not in self._sources:
            raise HTTPException(404, f"There is no live page called “{page}”.")
        roles, source_of = self._sources[page]
        if not visit.may(*roles):
            raise HTTPException(403, f"The live page “{page}” is not for your role.")
        return LiveStream(
            site.office,
            source_of(visit),
            partial(site.sessions.holds, visit, *roles),
            site.closing,
        )


class _SecurityHeaders:
    """Headers for every answer. Pages hold personal data: nothing but static files is kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                static = scope["path"].startswith("/static/")
                headers["Cache-Control"] = "no-cache" if static else "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _health(office: Office, request: Request) -> Response:
    """Whether the service answers; what ails it is said, not judged (a restart would cut calls)."""
    snapshot = office.snapshot()
    return JSONResponse(
        {
            "status": "ok",
            "at": rfc3339(office.now()),
            "journal_ok": snapshot.journal_ok,
            "draining": snapshot.draining,
            "capacity": snapshot.capacity,
            "legs_in_use": snapshot.legs_in_use,
        }
    )


async def _metrics(office: Office, request: Request) -> Response:
    content, content_type = office.metrics()
    return Response(content, headers={"content-type": content_type})


async def _refused(pages: Pages, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = _TITLES.get(error.status_code, error.detail)
    response = pages.full("message.html", status=error.status_code, title=title, text=_plain(error))
    response.headers.update(error.headers or {})
    return response


def _plain(error: HTTPException) -> str:
    """Starlette's own errors carry only the phrase of their status."""
    if error.status_code == 404 and error.detail == "Not Found":
        return "Nothing is kept at this address. Check it, or start from your own page."
    if error.status_code == 405:
        return "This address does not take that kind of request. Start from your own page."
    return error.detail


async def _busy(pages: Pages, request: Request, error: Exception) -> Response:
    response = pages.full(
        "message.html",
        status=503,
        title="The service is busy",
        text="Nothing was done. Go back and try again in a moment.",
    )
    response.headers["Retry-After"] = "1"
    return response


async def _failed(pages: Pages, request: Request, error: Exception) -> Response:
    return pages.full(
        "message.html",
        status=500,
        title="Something failed on our side",
        text="It has been logged. Go back and try again; if it happens again, tell whoever runs "
        "this service what you were doing and when.",
    )
