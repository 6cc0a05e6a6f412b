"""What is kept of whom messages were sent to (T23)."""

from typing import Any

from sqlalchemy import select

from authz.policy.builtin_roles import BuiltinRole
from models.messages.tables import MessageStatus, message_bodies, messages
from models.suppressions.tables import bounces, unsubscribes
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.block_list import listed
from tests.world.contacts import contact_id, give_listed_contact
from tests.world.messages import event, give_message, mail, message_id, report, send
from tests.world.world import World

_DATA = "query ($id: ID!, $address: String!) { personalData(accountId: $id, address: $address) }"


async def _rows(world: World, shop: Shop) -> list[Any]:
    message, body = messages.c, message_bodies.c
    statement = (
        select(message.recipient, message.recipient_digest, message.status, message.headers, body.text)
        .select_from(messages.join(message_bodies, message.body_id == body.id))
        .where(message.account_id == shop.account.key)
        .order_by(message.id)
    )
    async with world.database.connect() as connection:
        return list((await connection.execute(statement)).all())


async def test_an_erased_contact_is_in_no_message(api: Api, shop: Shop, world: World, site: Site) -> None:
    key = (await give_listed_contact(world, shop.account, "ada@example.com")).key
    given = [
        mail("1", "ADA@example.com", text="Only for Ada", headers=[{"name": "X-Of", "value": "Ada"}]),
        mail("2", "ada@example.com", text="For both"),
        mail("3", "ben@example.com", text="For both"),
    ]
    await send(api, shop.owner, shop.account, given)
    await done(api, "contactErase", shop.owner, contactId=contact_id(shop.account, key))
    rows = await _rows(world, shop)
    assert [(row.recipient, row.status, row.headers, row.text) for row in rows] == [
        ("Erased", "CANCELED", None, "Erased"),
        ("Erased", "CANCELED", None, "For both"),
        ("ben@example.com", "WAITING", None, "For both"),
    ]
    assert [bool(row.recipient_digest) for row in rows] == [False, False, True]
    await site.work(shop)
    assert site.mailbox.recipients == ["ben@example.com"]


async def test_personal_data_names_messages_of_the_streams_that_the_viewer_reads(
    api: Api, shop: Shop, world: World
) -> None:
    await send(api, shop.owner, shop.account, [mail("1")], stream="MARKETING")
    await send(api, shop.owner, shop.account, [mail("2"), mail("3", "ben@example.com")])
    found = []
    for role in (BuiltinRole.ADMINISTRATOR, BuiltinRole.MARKETER):
        caller = await world.member(shop.account, role)
        data = (await api.read(_DATA, caller, id=shop.account.id, address="Ann@example.com"))["personalData"]
        found.append([each["stream"] for each in data["messages"]])
    assert found == [["TRANSACTIONAL", "MARKETING"], ["MARKETING"]]


async def test_nothing_follows_for_nobody(api: Api, shop: Shop, world: World) -> None:
    """What is told of a message whose recipient was erased counts, and excludes nobody."""
    contact = await give_listed_contact(world, shop.account, "ada@example.com")
    ids = []
    for _ in range(2):
        key = await give_message(world, shop.account, "ada@example.com", status=MessageStatus.SENT)
        ids.append(message_id(shop.account, key))
    await done(api, "contactErase", shop.owner, contactId=contact_id(shop.account, contact.key))
    told = [
        event(f"{kind} {number}", id_, kind)
        for kind in ("COMPLAINT", "HARD_BOUNCE", "UNSUBSCRIBE")
        for number, id_ in enumerate(ids)
    ]
    outcomes = await report(api, shop.owner, shop.account, told)
    assert [each["isNew"] for each in outcomes] == [True] * 6
    assert await listed(api, shop.owner, shop.account) == []
    async with world.database.connect() as connection:
        for table in (bounces, unsubscribes):
            found = select(table.c.id).where(table.c.account_id == shop.account.key)
            assert (await connection.execute(found)).all() == []
