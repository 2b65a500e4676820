"""Who may open what: sign-in, roles, form tokens, sign-out."""

from __future__ import annotations

import httpx
import itsdangerous
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model.agents import AgentState
from dialer.model.events import AgentSignedOut
from dialer.model.instant import MINUTE_MS, Instant
from dialer.web.app import build_app
from dialer.web.session import SignInBackoff
from tests.web.fake_office import START, FakeOffice, agent_view
from tests.web.visiting import app_of, click, sign_in, token, visitor

PAGES = {
    "/agent": {"ada", "root"},
    "/agent/state": {"ada", "root"},
    "/campaigns": {"mia", "cal", "root"},
    "/campaigns/spring": {"mia", "cal", "root"},
    "/campaigns/spring/refusals": {"mia", "cal", "root"},
    "/campaigns/spring/refusals.csv": {"mia", "cal", "root"},
    "/compliance": {"cal", "root"},
    "/compliance/numbers": {"cal", "root"},
    "/compliance/attempts/7": {"cal", "root"},
    "/compliance/decisions/4": {"cal", "root"},
    "/compliance/what-if": {"cal", "root"},
    "/compliance/refusals": {"cal", "root"},
    "/compliance/lists": {"cal", "root"},
    "/compliance/rules": {"cal", "root"},
    "/compliance/emergencies": {"cal", "root"},
    "/compliance/drops": {"cal", "root"},
    "/compliance/journal": {"cal", "root"},
    "/compliance/audit": {"cal", "root"},
}
POSTS = {
    "/agent/ready": {"ada", "root"},
    "/agent/dispose": {"ada", "root"},
    "/campaigns/spring/state": {"mia", "root"},
    "/campaigns/spring/leads": {"mia", "root"},
    "/compliance/numbers/add": {"cal", "root"},
    "/compliance/numbers/remove": {"cal", "root"},
    "/compliance/emergencies": {"cal", "root"},
    "/compliance/what-if": {"cal", "root"},
    "/compliance/audit/verify": {"cal", "root"},
    "/compliance/audit/export": {"cal", "root"},
}


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("ada", "/agent"),
        ("mia", "/campaigns"),
        ("cal", "/compliance"),
        ("root", "/campaigns"),
    ],
)
async def test_sign_in_leads_to_the_page_of_the_role(name: str, home: str) -> None:
    async with visitor(app_of(FakeOffice())) as client:
        answer = await sign_in(client, name, f"{name} secret")
        assert (answer.status_code, answer.headers["location"]) == (303, home)
        assert (await client.get("/")).headers["location"] == home
        assert (await client.get("/sign-in")).headers["location"] == "/"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_opens_for_its_roles_only(path: str) -> None:
    app = app_of(FakeOffice())
    for name in ("ada", "mia", "cal", "root"):
        async with visitor(app, name) as client:
            answer = await client.get(path)
            if name in PAGES[path]:
                assert answer.status_code in (200, 404)
            else:
                assert answer.status_code == 403
                assert "with the role" in answer.text and "this page is for" in answer.text
    async with visitor(app) as client:
        answer = await client.get(path)
        if path == "/agent/state":
            assert answer.status_code == 401
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("path", POSTS)
async def test_a_post_needs_the_role_and_the_token_of_the_session(path: str) -> None:
    office = FakeOffice()
    app = app_of(office)
    for name in ("ada", "mia", "cal"):
        async with visitor(app, name) as client, visitor(app) as stranger:
            foreign = token(await stranger.get("/sign-in"))
            for form in ({}, {"csrf": ""}, {"csrf": foreign}):
                answer = await client.post(path, data=form)
                assert answer.status_code == 403
                said = "Nothing was done" if name in POSTS[path] else "this page is for"
                assert said in answer.text
    assert not office.sent and not office.imports


async def test_a_sign_in_without_the_token_is_refused() -> None:
    async with visitor(app_of(FakeOffice())) as client:
        answer = await client.post("/sign-in", data={"name": "ada", "password": "ada secret"})
        assert answer.status_code == 403
        assert (await client.get("/agent")).status_code == 303


async def test_a_wrong_password_is_said_and_the_name_kept() -> None:
    async with visitor(app_of(FakeOffice())) as client:
        answer = await sign_in(client, "ada", "wrong")
        assert answer.status_code == 401
        assert "Name or password is wrong" in answer.text and 'value="ada"' in answer.text
        assert "wrong&#34;" not in answer.text
        assert (await client.get("/agent")).status_code == 303


async def test_after_three_failures_a_name_has_to_wait_even_with_the_right_password() -> None:
    office = FakeOffice()
    async with visitor(app_of(office)) as client:
        for _ in range(3):
            assert (await sign_in(client, "ada", "guess")).status_code == 401
        slowed = await sign_in(client, "ada", "ada secret")
        assert slowed.status_code == 429 and slowed.headers["retry-after"] == "2"
        assert "Wait 2 s" in slowed.text
        assert (await sign_in(client, "mia", "guess")).status_code == 401
        office.at = Instant(START + 2_000)
        assert (await sign_in(client, "ada", "ada secret")).status_code == 303


@given(st.integers(min_value=0, max_value=60))
def test_waits_grow_to_five_minutes_and_end(failures: int) -> None:
    backoff = SignInBackoff()
    now = START
    waits = []
    for _ in range(failures):
        now = Instant(now + backoff.wait_ms("ada", now))
        backoff.attempted("ada", now)
        waits.append(backoff.wait_ms("ada", now))
    assert waits == sorted(waits)
    assert all(wait <= 5 * MINUTE_MS for wait in waits)
    assert all(wait == 0 for wait in waits[:2]) and all(wait > 0 for wait in waits[2:])
    assert backoff.wait_ms("ada", Instant(now + 5 * MINUTE_MS)) == 0
    assert backoff.wait_ms("ben", now) == 0
    backoff.succeeded("ada")
    assert backoff.wait_ms("ada", now) == 0


def test_names_nobody_has_do_not_fill_the_memory() -> None:
    backoff = SignInBackoff()
    for number in range(10_001):
        for _ in range(3):
            backoff.attempted(f"name{number}", START)
    assert backoff.wait_ms("name0", START) == 0
    assert backoff.wait_ms("name1", START) > 0
    assert backoff.wait_ms("name10000", START) > 0


async def test_signing_out_ends_session_and_shift_and_the_old_cookie() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.READY))
    async with visitor(app_of(office), "ada") as client:
        old = client.cookies["dialer_session"]
        answer = await click(client, "/agent", "/sign-out")
        assert answer.headers["location"] == "/sign-in"
        assert office.sent == [AgentSignedOut("ada")]
        assert (await client.get("/agent")).status_code == 303
        client.cookies.set("dialer_session", old, domain="dialer.test", path="/")
        assert (await client.get("/agent")).status_code == 303


async def test_signing_out_off_shift_tells_the_floor_nothing() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "ada") as client:
        await click(client, "/agent", "/sign-out")
    assert not office.sent


async def test_a_sign_out_the_floor_could_not_take_ends_nothing() -> None:
    office = FakeOffice(busy=True)
    office.show_agent(agent_view(AgentState.READY))
    async with visitor(app_of(office), "ada") as client:
        answer = await click(client, "/agent", "/sign-out")
        assert answer.status_code == 503
        assert (await client.get("/agent")).status_code == 200


async def test_a_removed_user_is_signed_out_at_once() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "ada") as client:
        assert (await client.get("/agent")).status_code == 200
        del office.people["ada"]
        assert (await client.get("/agent")).status_code == 303


async def test_a_forged_or_old_cookie_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "ada") as client:
        good = client.cookies["dialer_session"]
        client.cookies.set("dialer_session", good[:-1] + "A" * 3, domain="dialer.test", path="/")
        assert (await client.get("/agent")).status_code == 303
        client.cookies.clear()
        client.cookies.set("dialer_session", good, domain="dialer.test", path="/")
        assert (await client.get("/agent")).status_code == 200
        now = itsdangerous.TimestampSigner("any").get_timestamp()
        monkeypatch.setattr(
            itsdangerous.TimestampSigner, "get_timestamp", lambda self: now + 12 * 3600 + 1
        )
        assert (await client.get("/agent")).status_code == 303


async def test_secure_cookies_are_for_tls_only() -> None:
    app = build_app(FakeOffice(), secret_key="k" * 32, secure_cookies=True)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://dialer.test") as client:
        answer = await client.get("/sign-in")
        assert "secure" in answer.headers["set-cookie"].lower()


async def test_every_answer_carries_the_security_headers() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        for path in ("/campaigns", "/nowhere", "/agent", "/healthz", "/static/style.css"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            kept = "no-cache" if path.startswith("/static") else "no-store"
            assert headers["cache-control"] == kept
