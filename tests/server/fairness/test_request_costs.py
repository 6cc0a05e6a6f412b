"""Requests that are not GraphQL's count against the same budgets."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from engine.limits.operation import COST_LIMIT
from server.embedded_postgres import DatabaseAddresses
from server.http.request_costs import FILE_COST, LIST_COST, SCIM_COST
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.server.fairness.spending import known_to, post, told_cost, told_left
from tests.server.start.processes import PATIENCE
from tests.world.contacts import give_contacts
from tests.world.world import Account, ApiKey, World

_RATE = 1_000
_CSV = {"content-type": "text/csv"}
_PAGE = (
    f"{{ viewer {{ accounts(first: 100) {{ nodes {{ {' '.join(f'a{n}: id' for n in range(100))} }} }} }} }}"
)
_PAGE_OF_EXPORT = 4_000
"""A little more than a page of 500 contacts costs."""


@pytest.fixture(params=["principal", "tree"])
async def frugal(
    settings: Settings, addresses: DatabaseAddresses, request: pytest.FixtureRequest
) -> AsyncIterator[Starlette]:
    """An application where a budget of this kind is the smallest one, and is restored slowly."""
    prefix = "" if request.param == "principal" else "tree_"
    small = {f"{prefix}cost_limit": COST_LIMIT, f"{prefix}cost_restore_rate": _RATE}
    app = create_app(settings.model_copy(update=small), addresses.application)
    async with app.router.lifespan_context(app):
        yield app


def _requests(account: Account) -> dict[str, tuple[int, dict[str, Any]]]:
    """What each costs, and the request."""
    of = f"accountId={account.id}"
    return {
        "contacts": (
            LIST_COST,
            {
                "method": "POST",
                "url": f"/contacts?{of}",
                "content": "email\nada@example.com",
                "headers": _CSV,
            },
        ),
        "recipients": (
            LIST_COST,
            {"method": "POST", "url": f"/recipients?{of}", "content": "ada@example.com", "headers": _CSV},
        ),
        "statistics": (
            LIST_COST,
            {"method": "GET", "url": f"/statistics?{of}&since=2026-01-01&until=2026-02-01&interval=MONTH"},
        ),
        "a file": (
            FILE_COST,
            {
                "method": "POST",
                "url": f"/attachments?{of}&name=note.txt",
                "content": "A note",
                "headers": {"content-type": "text/plain"},
            },
        ),
        "a directory": (SCIM_COST, {"method": "GET", "url": "/scim/v2/Users"}),
    }


@pytest.mark.parametrize("what", ["contacts", "recipients", "statistics", "a file", "a directory"])
async def test_each_counts_and_is_refused_beyond_the_budget(
    frugal: Starlette, world: World, what: str
) -> None:
    account = await world.account()
    key = await world.api_key(account, BuiltinRole.ADMINISTRATOR)
    cost, request = _requests(account)[what]
    request.setdefault("headers", {})
    headers = {**request["headers"], "authorization": f"Bearer {key.token}"}
    async with known_to(frugal, key) as api:
        before = await _left_of_the_smallest(api, key)
        answer = await api.http.request(**{**request, "headers": headers})
        assert answer.status_code < 300, answer.text
        told = told_left(answer, COST_LIMIT, _RATE)
        assert before - cost - 2 <= told <= before - cost + 10 * _RATE
        after = await _left(api, key)
        assert before - cost - 2 <= after <= before - cost + 10 * _RATE
        while (await post(api, _PAGE, key)).status_code == 200:
            pass
        for _ in range(20):
            stored = await world.state(account)
            refused = await api.http.request(**{**request, "headers": headers})
            if refused.status_code >= 300:
                break
        assert refused.status_code == 429, refused.text
        assert int(refused.headers["retry-after"]) > 0
        assert told_left(refused, COST_LIMIT, _RATE) < cost
        if what != "a directory":  # which are answered as its RFC has it
            (error,) = refused.json()["errors"]
            assert error["extensions"]["code"] == "RATE_LIMITED"
        assert await world.state(account) == stored


async def _left_of_the_smallest(api: Api, key: ApiKey) -> int:
    """Once it is known whose the token is, which is looked up beside the first requests."""
    deadline = time.monotonic() + PATIENCE
    while (told := told_cost(await post(api, "{ __typename }", key)))["limit"] != COST_LIMIT:
        assert time.monotonic() < deadline
    return told["remaining"]


async def _left(api: Api, key: ApiKey) -> int:
    return told_cost(await post(api, "{ __typename }", key))["remaining"]


async def test_an_export_that_has_begun_waits_where_too_little_is_left(
    frugal: Starlette, world: World
) -> None:
    """It reads two pages, and there is enough for one."""
    account = await world.account()
    key = await world.api_key(account, BuiltinRole.ADMINISTRATOR)
    await give_contacts(world, account, 501)
    headers = {"authorization": f"Bearer {key.token}"}
    async with known_to(frugal, key) as api:
        await _left_of_the_smallest(api, key)
        while (left := await _left(api, key)) > _PAGE_OF_EXPORT + 2 * _RATE:
            first = min(100, (left - _PAGE_OF_EXPORT) // 100)
            await post(api, _PAGE.replace("first: 100", f"first: {first}"), key)
        began = time.monotonic()
        answer = await api.http.get(f"/contacts?accountId={account.id}", headers=headers)
        assert (answer.status_code, len(answer.text.splitlines())) == (200, 502), answer.text[-300:]
        assert time.monotonic() - began > 1
        # As it was when the file began.
        assert told_left(answer, COST_LIMIT, _RATE) < _PAGE_OF_EXPORT + 2 * _RATE


async def test_what_nobody_is_charged_for_tells_of_no_budget(frugal: Starlette, world: World) -> None:
    """Whether it is refused before anybody is charged, or costs nothing."""
    account = await world.account()
    key = await world.api_key(account, BuiltinRole.ADMINISTRATOR)
    headers = {"authorization": f"Bearer {key.token}"}
    async with known_to(frugal, key) as api:
        for path in ("/scim/v2/Schemas", "/statistics?since=nonsense", "/healthz"):
            answer = await api.http.get(path, headers=headers)
            assert "ratelimit" not in answer.headers, path
