"""Who is asking: sign-in, the session cookie, roles, and the token that every form carries."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dialer.model.agents import AgentState
from dialer.model.events import AgentSignedOut
from dialer.model.instant import MINUTE_MS, SECOND_MS, Instant
from dialer.model.reports import Role, User
from dialer.web.forms import FORM_LIMIT, limited_form, text_field
from dialer.web.office import Office
from dialer.web.rendering import Pages

SESSION_HOURS = 12
"""A cookie is good for this long after sign-in: one shift with its breaks."""

_HOME = {
    Role.AGENT: "/agent",
    Role.MANAGER: "/campaigns",
    Role.COMPLIANCE: "/compliance",
    Role.ADMIN: "/campaigns",
}
_FREE_FAILURES = 3
_LONGEST_WAIT_MS = 5 * MINUTE_MS
_NAMES_REMEMBERED = 10_000
_OLD_FORM = (
    "This form is too old, or did not come from this site. Nothing was done. "
    "Go back, reload the page and try again; cookies must be allowed."
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by a signed-in user. `form` holds the fields of a POST, its token checked."""

    request: Request
    user: User
    session_id: str
    csrf: str
    form: FormData = field(default_factory=FormData)

    def may(self, *roles: Role) -> bool:
        return self.user.role is Role.ADMIN or self.user.role in roles


Handler = Callable[[Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class SignInBackoff:
    """Slows down guessing: after three failures in a row a name waits 2, 4, 8 … s, at most 5 min.

    An attempt counts as failed from its start until it succeeds, so that many at once gain nothing.
    """

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, Instant]] = {}

    def wait_ms(self, name: str, now: Instant) -> int:
        """How long this name has to wait before its next attempt."""
        count, last = self._failures.get(name, (0, now))
        if count < _FREE_FAILURES:
            return 0
        pause = min(SECOND_MS << min(count - _FREE_FAILURES + 1, 20), _LONGEST_WAIT_MS)
        return max(0, last + pause - now)

    def attempted(self, name: str, now: Instant) -> None:
        count, _ = self._failures.pop(name, (0, now))
        if len(self._failures) >= _NAMES_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[name] = (count + 1, now)

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)


class Sessions:
    """Sign-in and sign-out, and `guard`, through which every other page is reached.

    The cookie is signed and holds a session id, the user's name and the form token. The user is
    looked up at every request, so a removed user or a changed role counts at once. Sessions that
    were signed out are remembered until the service restarts; their cookies expire in any case.
    """

    def __init__(self, office: Office, pages: Pages) -> None:
        self._office = office
        self._pages = pages
        self._backoff = SignInBackoff()
        self._ended: set[str] = set()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/sign-in", self.sign_in_page, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.guard(self.sign_out, *Role), methods=["POST"]),
        ]

    async def visit(self, request: Request) -> Visit | None:
        """Who asks, or None where nobody (still) known is signed in."""
        session = request.session
        name, session_id, csrf = (session.get(key) for key in ("name", "id", "csrf"))
        if not (isinstance(name, str) and isinstance(session_id, str) and isinstance(csrf, str)):
            return None
        if session_id in self._ended:
            return None
        user = await self._office.user(name)
        return None if user is None else Visit(request, user, session_id, csrf)

    async def holds(self, visit: Visit, *roles: Role) -> bool:
        """Whether a visit that began earlier may still be served."""
        if visit.session_id in self._ended:
            return False
        user = await self._office.user(visit.user.name)
        return user is not None and (user.role is Role.ADMIN or user.role in roles)

    def guard(
        self, handler: Handler, *roles: Role, api: bool = False, form_limit: int = FORM_LIMIT
    ) -> Endpoint:
        """An endpoint for these roles (and ADMIN). Without a session pages redirect to sign-in;
        with `api`, 401 and 403 are JSON. A POST without the session's form token is refused."""

        async def endpoint(request: Request) -> Response:
            visit = await self.visit(request)
            if visit is None:
                if api:
                    return JSONResponse({"error": "Sign in first, at /sign-in."}, 401)
                return RedirectResponse("/sign-in", 303)
            if not visit.may(*roles):
                wanted = ", ".join(role.lower() for role in roles)
                text = (
                    f"You are signed in as {visit.user.display_name} with the role "
                    f"{visit.user.role.lower()}; this page is for: {wanted}."
                )
                if api:
                    return JSONResponse({"error": text}, 403)
                raise HTTPException(403, text)
            if request.method != "POST":
                return await handler(visit)
            async with limited_form(request, form_limit) as form:
                _check_token(form, visit.csrf)
                return await handler(Visit(request, visit.user, visit.session_id, visit.csrf, form))

        return endpoint

    async def home(self, request: Request) -> Response:
        visit = await self.visit(request)
        return RedirectResponse("/sign-in" if visit is None else _HOME[visit.user.role], 303)

    async def sign_in_page(self, request: Request) -> Response:
        if await self.visit(request) is not None:
            return RedirectResponse("/", 303)
        return self._sign_in_form(request)

    async def sign_in(self, request: Request) -> Response:
        async with limited_form(request, FORM_LIMIT) as form:
            _check_token(form, request.session.get("csrf", ""))
            name, password = text_field(form, "name"), form.get("password", "")
        wait_ms = self._backoff.wait_ms(name, self._office.now())
        if wait_ms:
            seconds = -(-wait_ms // SECOND_MS)
            error = f"Too many failed sign-ins for this name. Wait {seconds} s, then try again."
            response = self._sign_in_form(request, name, error, 429)
            response.headers["Retry-After"] = str(seconds)
            return response
        self._backoff.attempted(name, self._office.now())
        user = await self._office.authenticate(name, password if isinstance(password, str) else "")
        if user is None:
            error = "Name or password is wrong. Both distinguish capital and small letters."
            return self._sign_in_form(request, name, error, 401)
        self._backoff.succeeded(name)
        request.session.clear()
        request.session.update(
            name=user.name, id=secrets.token_urlsafe(16), csrf=secrets.token_urlsafe(24)
        )
        return RedirectResponse(_HOME[user.role], 303)

    async def sign_out(self, visit: Visit) -> Response:
        """Ends the session, and the shift of an agent who has one open."""
        agent = self._office.snapshot().agent(visit.user.name)
        if agent is not None and agent.state is not AgentState.OFFLINE:
            await self._office.send(AgentSignedOut(visit.user.name))
        self._ended.add(visit.session_id)
        visit.request.session.clear()
        return RedirectResponse("/sign-in", 303)

    def _sign_in_form(
        self, request: Request, name: str = "", error: str = "", status: int = 200
    ) -> Response:
        csrf = request.session.get("csrf")
        if not isinstance(csrf, str):
            csrf = request.session["csrf"] = secrets.token_urlsafe(24)
        return self._pages.full("sign_in.html", status=status, csrf=csrf, name=name, error=error)


def _check_token(form: FormData, expected: object) -> None:
    given = form.get("csrf", "")
    if not (
        isinstance(expected, str)
        and isinstance(given, str)
        and expected
        and hmac.compare_digest(given.encode(), expected.encode())
    ):
        raise HTTPException(403, _OLD_FORM)
