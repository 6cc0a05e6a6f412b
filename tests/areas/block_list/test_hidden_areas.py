"""A share that hides an area hides what block list and contacts tell, whichever way it is asked (T38)."""

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from tests.client.api import Api
from tests.world.block_list import block
from tests.world.brand import brand_of
from tests.world.shares import Given, give_share
from tests.world.world import World

_ASKED = {
    "blockList": "blockList(accountId: $id) { nodes { id } }",
    "deliverability": 'deliverability(accountId: $id, addresses: ["ann@example.com"]) { marketing }',
}


@pytest.mark.parametrize(
    ("hidden", "refused"),
    [
        ((), {}),
        ((Area.BLOCK_LIST,), {"blockList": "BLOCK_LIST_READ", "deliverability": "BLOCK_LIST_READ"}),
        ((Area.CONTACTS,), {"deliverability": "CONTACTS_READ"}),
    ],
)
async def test_what_is_hidden_is_not_told(
    api: Api, world: World, hidden: tuple[Area, ...], refused: dict[str, str]
) -> None:
    brand = await brand_of(world)
    await block(api, brand.owner, brand.us, "ann@example.com")
    guest = await world.person()
    given = Given(role=BuiltinRole.ADMINISTRATOR, hidden=hidden)
    await give_share(world, [brand.us], guest, brand.owner.person, given)
    for name, selection in _ASKED.items():
        answer = await api.ask(f"query ($id: ID!) {{ {selection} }}", guest, id=brand.us.id)
        if name in refused:
            assert answer.data == {name: None}
            assert answer.errors[0]["extensions"]["permission"] == refused[name]
        else:
            assert answer.errors == []
