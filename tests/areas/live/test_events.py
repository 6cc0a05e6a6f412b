"""What is told of an account's log."""

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.live.serving import Served, signed_in
from tests.client.api import Api
from tests.world.world import World

EVENTS = """subscription ($id: ID!, $after: String, $types: [EventType!], $below: Boolean = false) {
  events(accountId: $id, after: $after, types: $types, includeDescendants: $below) {
    nodes { type subjectId } pageInfo { endCursor } } }"""


async def test_a_change_is_told(served: Served, world: World, api: Api) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    async with signed_in(served, owner) as socket:
        await socket.subscribe("1", EVENTS, id=account.id)
        assert await socket.silent(0.5)
        await api.change("accountUpdate", owner, accountId=account.id, externalId="another")
        told = await socket.next_of("1")
        assert [node["type"] for node in told["data"]["events"]["nodes"]] == ["ACCOUNT_UPDATED"]
