"""Accounts found and sorted by their names, and found by their external ids."""

import pytest

from tests.areas.accounts.named_accounts import FOUND, NAMES, SORTED, listed, named_accounts
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.world import Account, Member, World


@pytest.fixture
async def owner(world: World) -> Member:
    return await named_accounts(world)


@pytest.fixture
def parent(owner: Member) -> Account:
    return owner.account


async def test_search_takes_no_notice_of_case_and_accents(api: Api, parent: Account, owner: Member) -> None:
    assert {text: set(await listed(api, owner, search=text)) for text in FOUND} == FOUND


async def test_names_are_listed_by_the_alphabet(api: Api, parent: Account, owner: Member) -> None:
    assert await listed(api, owner) == SORTED
    assert await listed(api, owner, "NAME_DESC") == SORTED[::-1]


async def test_a_new_name_is_found_and_the_old_one_is_not(
    api: Api, world: World, parent: Account, owner: Member
) -> None:
    """However the account was made; long names, of which the key is cut, too."""
    new = {"parentId": parent.id, "name": "Ａgentur", "idempotencyKey": "1"}
    made = (await done(api, "subaccountCreate", owner, "account { id }", **new))["account"]
    assert await listed(api, owner, search="agentur") == ["Ａgentur"]
    long = "\ufdfa" * 199 + "é"
    change = {"accountId": made["id"], "expectedVersion": 1, "name": long}
    await done(api, "accountUpdate", owner, **change)
    assert await listed(api, owner, search="agentur") == []
    assert await listed(api, owner, search="\ufdfaE") == [long]
    assert len(await listed(api, owner)) == len(NAMES) + 1


async def test_an_external_id_is_found_as_it_is_written(
    api: Api, world: World, parent: Account, owner: Member
) -> None:
    for number, wanted in enumerate(("c-1", "C-1", "é-1")):
        new = {
            "parentId": parent.id,
            "name": f"Client {number}",
            "externalId": wanted,
            "idempotencyKey": wanted,
        }
        await done(api, "subaccountCreate", owner, **new)
    found = {
        text: await listed(api, owner, externalId=text) for text in ("c-1", "C-1", "e\u0301-1", "c", "%")
    }
    assert found == {"c-1": ["Client 0"], "C-1": ["Client 1"], "e\u0301-1": ["Client 2"], "c": [], "%": []}
    assert await listed(api, owner, externalId="c-1", search="CLIENT") == ["Client 0"]
    before = await world.state(parent)
    for taken, code in (("e\u0301-1", "CONFLICT"), ("c-\u200b1", "BAD_USER_INPUT")):
        new = {"parentId": parent.id, "name": "Late", "externalId": taken, "idempotencyKey": "late"}
        assert await code_of(api, "subaccountCreate", owner, **new) == code
    assert await world.state(parent) == before


async def test_a_closed_account_gives_its_external_id_free(
    api: Api, world: World, parent: Account, owner: Member
) -> None:
    """The closed one keeps it, as the log says; of the two, the status tells which is which."""
    new = {"parentId": parent.id, "externalId": "crm-1"}
    old = (
        await done(api, "subaccountCreate", owner, "account { id }", **new, name="Old", idempotencyKey="1")
    )["account"]
    assert await code_of(api, "subaccountCreate", owner, **new, name="New", idempotencyKey="2") == "CONFLICT"
    await done(api, "accountClose", owner, accountId=old["id"])
    await done(api, "subaccountCreate", owner, **new, name="New", idempotencyKey="3")
    assert (
        await code_of(api, "subaccountCreate", owner, **new, name="Third", idempotencyKey="4") == "CONFLICT"
    )
    assert await listed(api, owner, externalId="crm-1") == ["New", "Old"]
    query = (
        'query ($id: ID!) { account(id: $id) { subaccounts(externalId: "crm-1", status: ACTIVE) '
        "{ nodes { name externalId } } } }"
    )
    open_ones = await api.read(query, owner, id=parent.id)
    assert open_ones["account"]["subaccounts"]["nodes"] == [{"name": "New", "externalId": "crm-1"}]
