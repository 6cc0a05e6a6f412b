"""What is left of a block entry once its person was erased (T23)."""

from tests.client.api import Api
from tests.client.mutations import done
from tests.world.block_list import block, hash_of, listed
from tests.world.brand import brand_of
from tests.world.suppressions import streams
from tests.world.world import World


async def test_the_entry_counts_and_shows_nobody(api: Api, world: World) -> None:
    """Those of other addresses, and of other accounts, stay as they are."""
    brand = await brand_of(world)
    texts = ["ann@example.com", "bob@example.com", hash_of("carl@example.com")]
    await block(api, brand.owner, brand.us, *texts)
    await block(api, brand.owner, brand.uk, texts[0])
    for name in ("ann", "carl"):
        contact = [{"email": f"{name.upper()}@example.com"}]
        made = await done(
            api,
            "contactUpsert",
            brand.owner,
            "results { contactId }",
            accountId=brand.us.id,
            contacts=contact,
        )
        await done(api, "contactErase", brand.owner, contactId=made["results"][0]["contactId"])
    shown = {(entry["address"], entry["hash"]) for entry in await listed(api, brand.owner, brand.us)}
    assert shown == {(None, None), (texts[1], hash_of(texts[1]))}
    assert await streams(api, brand.owner, brand.us, "ann@example.com") == ""
    assert await block(api, brand.owner, brand.us, "ann@example.com") == ["ALREADY_BLOCKED"]
    (other,) = await listed(api, brand.owner, brand.uk)
    assert other["address"] == "ann@example.com"
