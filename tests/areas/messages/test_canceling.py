"""Canceling a message, and who sees one."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission, mask_of
from models.accounts.tables import AccountStatus
from models.messages.tables import MessageStatus
from models.sending.tables import SendStream
from tests.areas.messages.shop import Shop
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.engine.paths import Path
from tests.world.messages import give_message, mail, message_id, send
from tests.world.sends import check_counts, used
from tests.world.world import World

_SHOWN = "message { id status settledAt }"
_NODE = "query ($id: ID!) { node(id: $id) { id ... on Message { stream recipient } } }"
_LISTS = """query ($id: ID!) { account(id: $id) {
  marketingMessages { nodes { id } } transactionalMessages { nodes { id } } } }"""


async def test_a_waiting_message_is_canceled_once(api: Api, shop: Shop, world: World) -> None:
    """It stays a send. What only takes away is allowed in any status."""
    (sent,) = await send(api, shop.owner, shop.account, [mail("1")])
    id_ = sent["message"]["id"]
    await world.set_status(shop.account, AccountStatus.SUSPENDED)
    made = (await done(api, "messageCancel", shop.owner, _SHOWN, messageId=id_))["message"]
    assert (made["id"], made["status"]) == (id_, "CANCELED")
    before = await world.state(shop.master)
    again = (await done(api, "messageCancel", shop.owner, _SHOWN, messageId=id_))["message"]
    assert again == made
    assert await world.state(shop.master) == before
    assert await used(api, shop.owner, shop.account) == (1, 1)
    await check_counts(world.database, shop.master)
    (replayed,) = await send(api, shop.owner, shop.account, [mail("1")])
    assert (replayed["replayed"], replayed["message"]["status"]) == (True, "CANCELED")


@pytest.mark.parametrize(
    "status",
    [MessageStatus.CLAIMED, MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.DOUBTFUL],
)
async def test_what_does_not_wait_is_not_canceled(
    api: Api, shop: Shop, world: World, status: MessageStatus
) -> None:
    key = await give_message(world, shop.account, status=status)
    before = await world.state(shop.master)
    id_ = message_id(shop.account, key)
    refused = await attempt(api, "messageCancel", shop.owner, _SHOWN, messageId=id_)
    assert (refused.code, refused.named) == ("FAILED_PRECONDITION", "messageId")
    assert await world.state(shop.master) == before


@pytest.mark.parametrize("path", Path)
async def test_each_stream_is_shown_to_its_readers(api: Api, shop: Shop, world: World, path: Path) -> None:
    ids = {
        stream: message_id(shop.account, await give_message(world, shop.account, stream=stream), stream)
        for stream in SendStream
    }
    prefixes = {"mmsg", "tmsg"}
    disguised = [f"{(prefixes - {id_[:4]}).pop()}{id_[4:]}" for id_ in ids.values()]
    needed = {
        SendStream.MARKETING: Permission.CAMPAIGNS_READ,
        SendStream.TRANSACTIONAL: Permission.TRANSACTIONAL_READ,
    }
    for stream, permission in needed.items():
        key = await world.api_key(shop.account, scopes=mask_of({Permission.ACCOUNT_READ, permission}))
        for other, id_ in ids.items():
            found = (await api.read(path.of(_NODE), key, id=id_))["node"]
            shown = {"id": id_, "stream": other.value, "recipient": "ann@example.com"}
            assert found == (shown if other is stream else None)
        for id_ in disguised:
            assert (await api.read(path.of(_NODE), key, id=id_))["node"] is None
            assert (await attempt(api, "messageCancel", key, messageId=id_)).code == "FORBIDDEN"
        answer = await api.ask(path.of(_LISTS), key, id=shop.account.id)
        assert answer.data is not None
        listed = answer.data["account"]
        denied = "transactionalMessages" if stream is SendStream.MARKETING else "marketingMessages"
        assert listed.pop(denied) is None
        ((_, connection),) = listed.items()
        assert connection == {"nodes": [{"id": ids[stream]}]}
    for id_ in disguised:
        assert (await attempt(api, "messageCancel", shop.owner, messageId=id_)).code == "NOT_FOUND"


async def test_who_may_send_alone_cancels_and_sees_nothing(api: Api, shop: Shop, world: World) -> None:
    sender = await world.api_key(
        shop.account,
        BuiltinRole.ADMINISTRATOR,
        scopes=mask_of({Permission.ACCOUNT_READ, Permission.TRANSACTIONAL_SEND}),
    )
    id_ = message_id(shop.account, await give_message(world, shop.account))
    made = await done(api, "messageCancel", sender, _SHOWN, messageId=id_)
    assert made["message"] is None
