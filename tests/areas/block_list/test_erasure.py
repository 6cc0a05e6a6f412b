"""What is left of a block entry once its person was erased (T23)."""

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey, MasterId
from resolvers.block_list.forget import forget_addresses
from resolvers.inputs.address_digests import digest_of
from server.database.connections import connect_as_application
from server.embedded_postgres import DatabaseAddresses
from tests.client.api import Api
from tests.world.block_list import block, hash_of, listed
from tests.world.brand import brand_of
from tests.world.contacts import CONTACT_KEY
from tests.world.suppressions import streams
from tests.world.world import World


async def test_the_entry_counts_and_shows_nobody(
    api: Api, world: World, addresses: DatabaseAddresses
) -> None:
    brand = await brand_of(world)
    texts = ["ann@example.com", "bob@example.com", hash_of("carl@example.com")]
    await block(api, brand.owner, brand.us, *texts)
    await block(api, brand.owner, brand.uk, texts[0])
    database = connect_as_application(addresses.application, pool_size=1)
    account = AccountKey(MasterId(brand.us.master), AccountId(brand.us.key))
    digests = [digest_of(CONTACT_KEY, f"{name}@example.com") for name in ("ann", "carl")]
    async with WriteSessions(database).begin() as session, in_data_plane(session, account):
        await forget_addresses(session, account, digests)
    await database.dispose()
    shown = {(entry["address"], entry["hash"]) for entry in await listed(api, brand.owner, brand.us)}
    assert shown == {(None, None), (texts[1], hash_of(texts[1]))}
    assert await streams(api, brand.owner, brand.us, "ann@example.com") == ""
    assert await block(api, brand.owner, brand.us, "ann@example.com") == ["ALREADY_BLOCKED"]
    (other,) = await listed(api, brand.owner, brand.uk)
    assert other["address"] == "ann@example.com"
