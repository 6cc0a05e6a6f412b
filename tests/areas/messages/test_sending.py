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
from models.templates.tables import TemplateChannel
from tests.areas.effects.log import events_of
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt, done
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
_SMS: dict[str, Any] = {"to": "+46701234567", "subject": None, "text": "Hi", "from": "Shop"}
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
        if each["type"] == "MESSAGES_SENT"
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


def _wrong(own: str, foreign: str, sms: str) -> list[tuple[str, dict[str, Any]]]:
    """The field at fault, and what makes a message wrong. Given: ids of templates."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    x = "X-A"
    return [
        ("to", {"to": "nobody"}),
        ("to", {"to": "ann@example.com\r\nBcc: bob@example.com"}),
        ("to", {"to": "0" * 64}),
        ("subject", {"subject": "A\r\nBcc: bob@example.com"}),
        ("subject", {"subject": "a" * 10_000}),
        ("subject", {"subject": None}),
        ("text", {"text": None}),
        ("from", {"from": f"a\r\nb@{new_name()}"}),
        ("replyTo", {"replyTo": "a@example.com\r\nBcc: b@example.com"}),
        ("headers.0", {"headers": [{"name": "Bcc", "value": "bob@example.com"}]}),
        ("headers.0", {"headers": [{"name": "X-A\r\nBcc", "value": "1"}]}),
        ("headers.0", {"headers": [{"name": x, "value": "1\r\nBcc: bob@example.com"}]}),
        ("headers.1", {"headers": [{"name": x, "value": "1"}, {"name": "x-a", "value": "2"}]}),
        ("headers.0", {"headers": [{"name": x, "value": "1" * 901}]}),
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
        # Keys of tests are told apart by a control character.
        ("idempotencyKey", {"idempotencyKey": "\x011"}),
        ("from", {"from": f"a@{new_name()}"}),
        ("from", {"from": "nobody"}),
        ("mostParts", {"mostParts": 1}),
        ("to", {"to": "0701234567"}),
        ("to", {"to": "blocked@example.com"}),
        ("attachments.0", {"attachments": [{"attachmentId": "nonsense"}]}),
        ("templateId", {"templateId": sms, "subject": None, "text": None}),
        ("from", {**_SMS, "from": None}),
        ("from", {**_SMS, "from": "0701234567"}),
        ("text", {**_SMS, "text": "a" * 2_000}),
        ("html", {**_SMS, "html": "a"}),
        ("mostParts", {**_SMS, "text": None, "templateId": sms}),
        ("templateId", {**_SMS, "text": None, "templateId": own, "mostParts": 1}),
    ]


async def test_a_wrong_message_is_refused_alone(api: Api, shop: Shop, world: World) -> None:
    other = await world.account(shop.master)
    foreign = template_id(other, await give_template(world, other, "Foreign"))
    own = template_id(shop.account, await give_template(world, shop.account, "Own"))
    sms = template_id(
        shop.account, await give_template(world, shop.account, "SMS", channel=TemplateChannel.SMS)
    )
    await give_entries(world, shop.account, ["blocked@example.com"])
    wrong = _wrong(own, foreign, sms)
    given = [{**mail(str(number)), **values} for number, (_, values) in enumerate(wrong)]
    outcomes = await send(api, shop.owner, shop.account, [mail("first"), *given, mail("last")])
    assert [each["index"] for each in outcomes] == list(range(len(wrong) + 2))
    assert [".".join((each["error"] or {}).get("field", [])[2:]) for each in outcomes] == [
        "",
        *[f"{index}.{field}" for index, (field, _) in enumerate(wrong, 1)],
        "",
    ]
    assert await used(api, shop.owner, shop.account) == (1, 2)
    # The keys of the others are free.
    again = [mail(each["idempotencyKey"]) for each in given[:18]]
    assert all(each["message"] for each in await send(api, shop.owner, shop.account, again))
    assert await used(api, shop.owner, shop.account) == (1, 20)


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
    """But an SMS names its own."""
    master = await world.account()
    await subscribe(world, master, await make_plan(world))
    owner = await world.member(master, BuiltinRole.OWNER)
    before = await world.state(master)
    (refused,) = await send(api, owner, master, [mail("1")])
    assert (refused["error"]["code"], refused["error"]["field"][3:]) == ("DOMAIN_NOT_VERIFIED", ["from"])
    assert await world.state(master) == before
    sms = {"idempotencyKey": "2", "to": "+46701234567", "text": "Hi", "from": "Shop"}
    outcomes = await send(api, owner, master, [mail("1"), sms])
    assert [each["error"] is None for each in outcomes] == [False, True]


async def test_a_template_needs_its_permission(api: Api, shop: Shop, world: World) -> None:
    """Of the messages that have one; without it nobody learns whether there is such a template."""
    own = template_id(shop.account, await give_template(world, shop.account, "Own"))
    given = {"idempotencyKey": "1", "to": "ann@example.com", "templateId": own}
    key = await world.api_key(
        shop.account, scopes=mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND})
    )
    asked = [given, {**given, "idempotencyKey": "2", "templateId": "nonsense"}, mail("3")]
    values = {"accountId": shop.account.id, "stream": "TRANSACTIONAL", "messages": asked}
    selection = "outcomes { error { code field ... on PermissionDenied { permission } } }"
    outcomes = (await done(api, "messageSend", key, selection, **values))["outcomes"]
    denied = {"code": "FORBIDDEN", "permission": "TEMPLATES_READ"}
    assert [each["error"] for each in outcomes] == [
        {**denied, "field": ["input", "messages", "0", "templateId"]},
        {**denied, "field": ["input", "messages", "1", "templateId"]},
        None,
    ]
    assert await used(api, shop.owner, shop.account) == (1, 1)
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
