"""The block list of one account: entered, read page by page, and lifted (R68, R75)."""

import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.block_list.tables import block_entries
from resolvers.inputs.addresses import MOST_ADDRESSES
from tests.areas.effects.log import last_event
from tests.client.api import Api
from tests.client.mutations import attempt
from tests.world.block_list import (
    ADDED,
    block,
    blocking,
    give_entries,
    hash_of,
    listed,
    page_of,
    unblock,
)
from tests.world.brand import Brand, brand_of
from tests.world.world import World


@pytest.fixture
async def brand(world: World) -> Brand:
    """A tree and the owner of its master account."""
    return await brand_of(world)


async def test_an_entry_shows_what_was_entered(api: Api, brand: Brand) -> None:
    before = datetime.datetime.now(datetime.UTC)
    more = {"reason": "COMPLAINT", "source": "Phone call"}
    (made,) = await blocking(api, brand.owner, brand.us, " Ann@Example.com ", **more)
    assert made == {"index": 0, "outcome": "ADDED", "entryId": made["entryId"], "message": None}
    (entry,) = await listed(api, brand.owner, brand.us)
    created_at = datetime.datetime.fromisoformat(entry.pop("createdAt"))
    assert before < created_at < datetime.datetime.now(datetime.UTC)
    assert entry == {
        "id": made["entryId"],
        "address": "Ann@Example.com",
        "hash": hash_of("ann@example.com"),
        "reason": "COMPLAINT",
        "source": "Phone call",
        "enteredById": present(Kind.USER, brand.owner.person.key),
        "isInherited": False,
        "inheritedFrom": None,
    }


async def test_an_entry_made_by_a_key_names_it(api: Api, world: World, brand: Brand) -> None:
    key = await world.api_key(brand.us, BuiltinRole.ADMINISTRATOR)
    await block(api, key, brand.us, "ann@example.com")
    (entry,) = await listed(api, brand.owner, brand.us)
    assert entry["enteredById"] == key.id


async def test_each_address_has_its_own_outcome(api: Api, brand: Brand) -> None:
    await block(api, brand.owner, brand.us, "bob@example.com")
    given = ["ann@example.com", "no address", "BOB@example.com", "Ann@example.com", "030 1234567", " "]
    found = await blocking(api, brand.owner, brand.us, *given)
    assert [(each["index"], each["outcome"]) for each in found] == [
        (0, "ADDED"),
        (1, "MALFORMED"),
        (2, "ALREADY_BLOCKED"),
        (3, "ALREADY_BLOCKED"),
        (4, "MALFORMED"),
        (5, "MALFORMED"),
    ]
    assert found[3]["entryId"] == found[0]["entryId"]
    assert found[1]["message"] == "Not a phone number: it has letters."
    assert found[5]["message"] == "Not an address: it is empty."
    assert found[4]["message"] == (
        "Not a phone number: it has no country. Begin it with + and the country's code."
    )
    assert len(await listed(api, brand.owner, brand.us)) == 2


async def test_a_hash_in_upper_case_is_no_number(api: Api, brand: Brand) -> None:
    (found,) = await blocking(api, brand.owner, brand.us, hash_of("ann@example.com").upper())
    assert found["outcome"] == "MALFORMED"
    assert found["message"] == "Not an address: a hash is written in lower case, without spaces."


async def test_an_address_and_its_hash_are_one_entry(api: Api, brand: Brand) -> None:
    """Partners compare by hash, also what was entered as an address."""
    ann, bob = hash_of("ann@example.com"), hash_of("bob@example.com")
    assert await block(api, brand.owner, brand.us, ann, "bob@example.com") == ["ADDED", "ADDED"]
    assert await block(api, brand.owner, brand.us, "ann@example.com", bob) == ["ALREADY_BLOCKED"] * 2
    shown = await listed(api, brand.owner, brand.us)
    assert {(entry["address"], entry["hash"]) for entry in shown} == {(None, ann), ("bob@example.com", bob)}
    for text in ("ann@example.com", ann):
        (entry,) = await listed(api, brand.owner, brand.us, address=text)
        assert entry["hash"] == ann


async def test_an_entry_is_removed_by_address_hash_or_id(api: Api, brand: Brand) -> None:
    names = [f"{name}@example.com" for name in ("ann", "bob", "carl", "dora")]
    made = await blocking(api, brand.owner, brand.us, *names)
    entries = ["ANN@example.com", hash_of(names[1]), made[2]["entryId"]]
    found = await unblock(api, brand.owner, brand.us, *entries, names[0], "nobody@example.com", "blck_7")
    results = [each["outcome"] for each in found]
    assert [each["entryId"] for each in found[:3]] == [each["entryId"] for each in made[:3]]
    assert results == ["REMOVED"] * 3 + ["NOT_BLOCKED"] * 2 + ["MALFORMED"]
    assert [entry["address"] for entry in await listed(api, brand.owner, brand.us)] == [names[3]]
    assert await block(api, brand.owner, brand.us, *names) == ["ADDED"] * 3 + ["ALREADY_BLOCKED"]


@pytest.mark.parametrize("size", [1, 2, 5, 7])
async def test_pages_lead_through_all_entries(api: Api, world: World, brand: Brand, size: int) -> None:
    """Newest first, those of an account above among them."""
    own = await give_entries(world, brand.us, [f"{number}@example.com" for number in range(3)])
    above = await give_entries(world, brand.master, [f"{number}@example.org" for number in range(3)])
    expected = [
        f"blck_{account.key}_{entry}"
        for account, entries in ((brand.master, above), (brand.us, own))
        for entry in reversed(entries)
    ]
    found: list[str] = []
    cursor, more = None, True
    while more:
        page = await page_of(api, brand.owner, brand.us, inherited=True, first=size, after=cursor)
        found += [node["id"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert page["pageInfo"]["hasPreviousPage"] is (len(found) > size)
    assert found == expected


async def test_the_log_counts_and_names_nobody(api: Api, brand: Brand) -> None:
    await block(api, brand.owner, brand.us, "ann@example.com", "bob@example.com", "carl", reason="IMPORT")
    added = await last_event(api, brand.owner, brand.us.id)
    assert (added["type"], added["subjectId"]) == ("BLOCK_LIST_ADDED", brand.us.id)
    assert (added["before"], added["after"]) == (None, {"entries": 2, "reason": "IMPORT"})
    await unblock(api, brand.owner, brand.us, "ann@example.com", "nobody@example.com")
    removed = await last_event(api, brand.owner, brand.us.id)
    assert (removed["type"], removed["before"]) == ("BLOCK_LIST_REMOVED", {"entries": 1})
    await unblock(api, brand.owner, brand.us, "ann@example.com")
    await block(api, brand.owner, brand.us, "bob@example.com")
    assert await last_event(api, brand.owner, brand.us.id) == removed


async def test_the_database_holds_no_address(api: Api, brand: Brand, database: AsyncEngine) -> None:
    """T23: a backup shows none without the deployment's secrets."""
    texts = ["ann@example.com", hash_of("bob@example.com")]
    await block(api, brand.owner, brand.us, *texts)
    statement = select(block_entries).where(block_entries.c.account_id == brand.us.key)
    async with database.connect() as connection:
        rows = (await connection.execute(statement)).all()
    assert len(rows) == len(texts)
    for row in rows:
        stored = b"".join(value for value in row if isinstance(value, bytes))
        assert b"ann@" not in stored
        assert not any(bytes.fromhex(hash_of(f"{name}@example.com")) in stored for name in ("ann", "bob"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"addresses": []}, "addresses"),
        ({"addresses": ["ann@example.com"] * (MOST_ADDRESSES + 1)}, "addresses"),
        ({"source": ""}, "source"),
        ({"source": "a\nb"}, "source"),
        ({"source": "x" * 201}, "source"),
        ({"phoneCountry": "XX"}, "phoneCountry"),
        ({"phoneCountry": "Germany"}, "phoneCountry"),
    ],
)
async def test_a_wrong_request_changes_nothing(
    api: Api, world: World, brand: Brand, values: dict[str, Any], field: str
) -> None:
    before = await world.state(brand.master)
    given = {"accountId": brand.us.id, "addresses": ["ann@example.com"], **values}
    made = await attempt(api, "blockListAdd", brand.owner, ADDED, **given)
    assert (made.code, made.named) == ("BAD_USER_INPUT", field)
    assert await world.state(brand.master) == before


_PAGES = """query ($id: ID!, $after: String) {
  blockList(accountId: $id, includeInherited: true, first: 200, after: $after) {
    nodes { id address hash reason source enteredById createdAt isInherited
      inheritedFrom { id name kind status version createdAt externalId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def _all_entries(api: Api, brand: Brand) -> list[dict[str, Any]]:
    """Read by the longest pages, with all fields of the entries."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await api.read(_PAGES, brand.owner, id=brand.us.id, after=after))["blockList"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_a_longer_page_is_refused(api: Api, brand: Brand) -> None:
    """With that message, however many fields of the entries are asked for."""
    for query in (_PAGES.replace("first: 200", "first: 1000"), _PAGES.replace("first: 200", "first: 201")):
        answer = await api.ask(query, brand.owner, id=brand.us.id)
        (error,) = answer.errors
        assert error["message"] == "first and last must lie between 0 and 200."
        assert error["extensions"]["argument"] == "first"


async def test_a_thousand_are_entered_and_lifted_at_once(api: Api, brand: Brand) -> None:
    addresses = [f"{number}@example.com" for number in range(MOST_ADDRESSES)]
    assert set(await block(api, brand.owner, brand.us, *addresses)) == {"ADDED"}
    shown = await _all_entries(api, brand)
    assert {entry["hash"] for entry in shown} == set(map(hash_of, addresses))
    lifted = await unblock(api, brand.owner, brand.us, *addresses)
    assert {result["outcome"] for result in lifted} == {"REMOVED"}
