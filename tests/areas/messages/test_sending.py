"""Sending messages: what is taken in, counted and refused, each by itself or all of them."""

import asyncio
import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from models.messages.tables import message_bodies, messages
from tests.areas.effects.log import events_of
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.engine.paths import Path
from tests.engine.statements import trips
from tests.world.block_list import give_entries
from tests.world.credit import faults_of
from tests.world.domains import new_name
from tests.world.messages import mail, send
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, used
from tests.world.suppressions import give_bounce, give_unsubscribe
from tests.world.templates import give_template, template_id
from tests.world.world import World

_FIELD = {"MARKETING": "marketingMessages", "TRANSACTIONAL": "transactionalMessages"}
_LIST = """query ($id: ID!, $status: MessageStatus, $label: String, $recipient: String) {
  account(id: $id) { %s(status: $status, label: $label, recipient: $recipient) {
    nodes { id recipient sender replyTo label status answer attempts } } } }"""


async def _listed(
    api: Api, shop: Shop, path: Path = Path.COMPILED, stream: str = "TRANSACTIONAL", **filters: str
) -> list[dict[str, Any]]:
    found = await api.read(path.of(_LIST % _FIELD[stream]), shop.owner, id=shop.account.id, **filters)
    nodes: list[dict[str, Any]] = found["account"][_FIELD[stream]]["nodes"]
    return nodes


async def _try(api: Api, shop: Shop, *given: dict[str, Any], **more: Any) -> Any:
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "messages": list(given), **more}
    return await attempt(api, "messageSend", shop.owner, "outcomes { index }", **values)


@pytest.mark.parametrize("path", Path)
async def test_messages_are_taken_in_counted_and_shown(
    api: Api, shop: Shop, world: World, database: AsyncEngine, path: Path
) -> None:
    """R83, R99: each message is a send, and each recipient one contact."""
    headers = [{"name": "X-Order", "value": "7"}]
    more = {"replyTo": "help@example.com", "headers": headers}
    given = [mail("1"), mail("2", "Ann@example.com", **more), mail("3", "bob@example.com")]
    outcomes = await send(api, shop.owner, shop.account, given, label="Shop")
    assert [each["index"] for each in outcomes] == [0, 1, 2]
    assert all(each["message"]["status"] == "WAITING" for each in outcomes)
    assert not any(each["replayed"] or each["error"] for each in outcomes)
    listed = await _listed(api, shop, path)
    assert [each["id"] for each in listed] == [each["message"]["id"] for each in outcomes[::-1]]
    assert listed[1] == {
        "id": outcomes[1]["message"]["id"],
        "recipient": "Ann@example.com",
        "sender": shop.sender,
        "replyTo": "help@example.com",
        "label": "Shop",
        "status": "WAITING",
        "answer": None,
        "attempts": 0,
    }
    for filters, number in (
        ({"recipient": "ANN@example.com"}, 2),
        ({"label": "Shop"}, 3),
        ({"label": " SHOP"}, 3),
        ({"label": "Other"}, 0),
        ({"status": "WAITING"}, 3),
        ({"status": "SENT"}, 0),
    ):
        assert len(await _listed(api, shop, path, **filters)) == number
    assert await _listed(api, shop, path, "MARKETING") == []
    assert await used(api, shop.owner, shop.account) == (2, 3)
    await check_counts(database, shop.master)
    assert await faults_of(database, shop.master) == []
    (event,) = [
        each
        for each in await events_of(api, await world.api_key(shop.account), shop.account.id)
        if each["kind"] == "MESSAGES_SENT"
    ]
    assert event["after"] == {
        "stream": "TRANSACTIONAL",
        "recipients": 3,
        "newContacts": 2,
        "price": "0",
        "label": "Shop",
    }
    async with database.connect() as connection:
        counted = select(func.count()).where(message_bodies.c.account_id == shop.account.key)
        assert (await connection.execute(counted)).scalar_one() == 1


async def test_a_key_sends_once(api: Api, shop: Shop) -> None:
    """T17: by meaning; another message under the key is refused by itself."""
    (first,) = await send(api, shop.owner, shop.account, [mail("1")])
    same = mail("1", "ANN@example.com ", sendAt=None)
    again = await send(
        api,
        shop.owner,
        shop.account,
        [same, mail("1", text="Else"), mail("2"), mail("2"), mail("2", "bob@example.com")],
    )
    assert again[0] == {"index": 0, "replayed": True, "message": first["message"], "error": None}
    assert again[1]["error"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert again[1]["error"]["field"] == ["input", "messages", "1", "idempotencyKey"]
    assert again[2]["message"] == again[3]["message"]
    assert [each["replayed"] for each in again] == [True, False, False, True, False]
    assert again[4]["error"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert await used(api, shop.owner, shop.account) == (1, 2)


async def test_a_key_of_what_was_not_sent_is_free(api: Api, shop: Shop, world: World) -> None:
    await give_entries(world, shop.account, ["ann@example.com"])
    (first, same) = await send(api, shop.owner, shop.account, [mail("1"), mail("1")])
    assert first["error"]["code"] == same["error"]["code"] == "RECIPIENT_EXCLUDED"
    (sent,) = await send(api, shop.owner, shop.account, [mail("1", "bob@example.com")])
    assert sent["message"] is not None


async def test_requests_with_one_key_at_once_send_once(api: Api, shop: Shop, database: AsyncEngine) -> None:
    given = [mail(str(number), f"a{number}@example.com") for number in range(4)]
    found = await asyncio.gather(
        *[send(api, shop.owner, shop.account, given[::step]) for step in (1, -1, 1, -1)]
    )
    ids = {each["message"]["id"] for outcomes in found for each in outcomes}
    assert len(ids) == 4
    assert sum(not each["replayed"] for outcomes in found for each in outcomes) == 4
    assert await used(api, shop.owner, shop.account) == (4, 4)
    await check_counts(database, shop.master)


async def test_who_is_excluded_is_refused_alone(api: Api, shop: Shop, world: World) -> None:
    """R68, R77, R79: each by its cause, on the streams that it counts on; it is never a contact."""
    await give_entries(world, shop.master, ["ann@example.com"])
    await give_unsubscribe(world, shop.account, "bob@example.com")
    await give_bounce(world, shop.account, "carl@example.com")
    given = [mail(name, f"{name}@example.com") for name in ("ann", "bob", "carl", "dora")]
    outcomes = await send(api, shop.owner, shop.account, given, stream="MARKETING")
    told = [each["error"] and each["error"]["message"] for each in outcomes]
    assert told == [
        "The recipient is on a block list. (BLOCK_LIST)",
        "The recipient has unsubscribed. (UNSUBSCRIBE)",
        "Messages to the recipient bounced. (BOUNCE)",
        None,
    ]
    again = [{**each, "idempotencyKey": f"{each['idempotencyKey']} 2"} for each in given]
    outcomes = await send(api, shop.owner, shop.account, again)
    assert [each["error"] is None for each in outcomes] == [False, True, False, True]
    assert await used(api, shop.owner, shop.account) == (2, 3)


async def test_a_wrong_message_is_refused_alone(api: Api, shop: Shop, world: World) -> None:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    other = await world.account(shop.master)
    foreign = template_id(other, await give_template(world, other, "Foreign"))
    own = template_id(shop.account, await give_template(world, shop.account, "Own"))
    x = "X-A"
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("to", {"to": "nobody"}),
        ("to", {"to": "ann@example.com\r\nBcc: bob@example.com"}),
        ("to", {"to": "0" * 64}),
        ("subject", {"subject": "A\r\nBcc: bob@example.com"}),
        ("subject", {"subject": "a" * 10_000}),
        ("subject", {"subject": None}),
        ("text", {"text": None}),
        ("from", {"from": f"a\r\nb@{new_name()}"}),
        ("replyTo", {"replyTo": "a@example.com\r\nBcc: b@example.com"}),
        ("headers", {"headers": [{"name": "Bcc", "value": "bob@example.com"}]}),
        ("headers", {"headers": [{"name": "X-A\r\nBcc", "value": "1"}]}),
        ("headers", {"headers": [{"name": x, "value": "1\r\nBcc: bob@example.com"}]}),
        ("headers", {"headers": [{"name": x, "value": "1"}, {"name": "x-a", "value": "2"}]}),
        ("headers", {"headers": [{"name": x, "value": "1" * 901}]}),
        ("headers", {"headers": [{"name": f"X-{number}", "value": "1"} for number in range(21)]}),
        ("sendAt", {"sendAt": (now - day).isoformat()}),
        ("sendAt", {"sendAt": (now + 8 * day).isoformat()}),
        ("sendAt", {"sendAt": "2026-01-01T00:00:00"}),
        ("variables", {"variables": {"a": 1}}),
        ("templateId", {"templateId": foreign, "subject": None, "text": None}),
        ("subject", {"templateId": own}),
        ("variables", {"templateId": own, "subject": None, "text": None, "variables": [1]}),
        ("idempotencyKey", {"idempotencyKey": " "}),
        ("idempotencyKey", {"idempotencyKey": "1" * 201}),
    ]
    given = [{**mail(str(number)), **values} for number, (_, values) in enumerate(wrong)]
    outcomes = await send(api, shop.owner, shop.account, [*given, mail("right")])
    assert [(each["error"] or {}).get("field", [])[3:] for each in outcomes] == [
        *[[field] for field, _ in wrong],
        [],
    ]
    assert await used(api, shop.owner, shop.account) == (1, 1)


async def test_limits_let_all_pass_or_none(api: Api, shop: Shop, world: World) -> None:
    before = await world.state(shop.master)
    many = [mail(str(number), f"a{number % 2}@example.com") for number in range(21)]
    refused = await _try(api, shop, *many)
    assert (refused.code, refused.named) == ("SEND_LIMIT_REACHED", "messages")
    people = [mail(str(number), f"a{number}@example.com") for number in range(11)]
    assert (await _try(api, shop, *people)).code == "CONTACT_LIMIT_REACHED"
    assert await world.state(shop.master) == before
    await send(api, shop.owner, shop.account, many[:20])


async def test_what_concerns_all_refuses_all(api: Api, shop: Shop, world: World) -> None:
    guest = await world.member(shop.account, BuiltinRole.ANALYST)
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    before = await world.state(shop.master)
    foreign = await _try(api, shop, mail("1"), mail("2", **{"from": f"a@{new_name()}"}))
    assert (foreign.code, foreign.named) == ("DOMAIN_NOT_VERIFIED", "messages")
    for given in ([], [mail(str(number)) for number in range(1_001)]):
        assert (await _try(api, shop, *given)).code == "BAD_USER_INPUT"
    assert (await _try(api, shop, mail("1"), label=" ")).code == "BAD_USER_INPUT"
    values = {"accountId": shop.account.id, "stream": "MARKETING", "messages": [mail("1")]}
    assert (await attempt(api, "messageSend", guest, **values)).code == "FORBIDDEN"
    assert (await attempt(api, "messageSend", stranger, **values)).code == "NOT_FOUND"
    assert await world.state(shop.master) == before
    (sent,) = await send(api, shop.owner, shop.account, [mail("1")])
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    assert (await _try(api, shop, mail("1"), mail("2"))).code == "ACCOUNT_SUSPENDED"
    (again,) = await send(api, shop.owner, shop.account, [mail("1")])
    assert (again["message"], again["replayed"]) == (sent["message"], True)


async def test_without_a_sender_nothing_is_sent(api: Api, world: World) -> None:
    master = await world.account()
    await subscribe(world, master, await make_plan(world))
    owner = await world.member(master, BuiltinRole.OWNER)
    values = {"accountId": master.id, "stream": "TRANSACTIONAL", "messages": [mail("1")]}
    assert (await attempt(api, "messageSend", owner, **values)).code == "DOMAIN_NOT_VERIFIED"


async def test_a_template_needs_its_permission(api: Api, shop: Shop, world: World) -> None:
    own = template_id(shop.account, await give_template(world, shop.account, "Own"))
    given = {"idempotencyKey": "1", "to": "ann@example.com", "templateId": own}
    key = await world.api_key(
        shop.account, scopes=mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND})
    )
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "messages": [given]}
    refused = await attempt(api, "messageSend", key, **values)
    assert refused.user_error is not None
    assert refused.user_error["permission"] == "TEMPLATES_READ"
    (sent,) = await send(api, shop.owner, shop.account, [{**given, "variables": {"code": "7"}}])
    assert sent["error"] is None


async def test_a_thousand_take_as_many_trips_as_two(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    await subscribe(world, shop.account, await make_plan(world, active_contacts=2_000, sends=2_000))
    template = template_id(shop.account, await give_template(world, shop.account, "Own"))
    taken: list[int] = []
    for number in (2, 2, 1_000):
        key = str(len(taken))
        given = [mail(f"{key} {each}", f"{key}.{each}@example.com") for each in range(number)]
        said = {"subject": None, "text": None, "templateId": template}
        given[1::2] = [{**each, **said} for each in given[1::2]]
        with trips() as made:
            outcomes = await send(api, shop.owner, shop.account, given)
        assert all(each["error"] is None for each in outcomes)
        taken.append(len(made))
    assert taken[1] == taken[2]
    async with database.connect() as connection:
        counted = select(func.count()).where(messages.c.account_id == shop.account.key)
        assert (await connection.execute(counted)).scalar_one() == 1_004
