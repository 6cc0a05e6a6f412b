"""Sending to a contact list: to those who are in it now, without those who are left out."""

from typing import Any

import pytest

from resolvers.sending.lists import contact_lists
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.client.api import Api, Caller
from tests.client.mutations import attempt, code_of, done
from tests.world.block_list import block
from tests.world.brand import Brand
from tests.world.contacts import contact_list_id, give_contact_list
from tests.world.suppressions import unsubscribe
from tests.world.world import Account, World

_RESERVED = "reservation { id recipients newContacts } replayed leftOut { index }"
_PREVIEW = """query ($accountId: ID!, $list: ID!) {
  sendPreview(accountId: $accountId, stream: MARKETING, contactListId: $list) {
    recipients newContacts blocked unsubscribed leftOut { index } refused { index } warnings } }"""


async def _listed(api: Api, caller: Caller, account: Account, *emails: str) -> str:
    """A list of contacts with these addresses, and of one that has only a phone."""
    made = await done(
        api, "contactListCreate", caller, "contactList { id }", accountId=account.id, name="Newsletter"
    )
    list_id: str = made["contactList"]["id"]
    given = [{"email": email, "addToLists": [list_id]} for email in emails]
    given.append({"phone": "+46701234567", "addToLists": [list_id]})
    await done(api, "contactUpsert", caller, accountId=account.id, contacts=given)
    return list_id


async def _reserve(
    api: Api, caller: Caller, account: Account, list_id: str, key: str = "1"
) -> dict[str, Any]:
    values = {"accountId": account.id, "stream": "MARKETING", "contactListId": list_id}
    found: dict[str, Any] = await done(api, "sendReserve", caller, _RESERVED, **values, idempotencyKey=key)
    return found


async def test_those_who_are_in_it_are_sent_to(
    api: Api, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, and each once."""
    monkeypatch.setattr(contact_lists, "PART", 2)
    emails = [f"person.{number}@example.com" for number in range(7)]
    list_id = await _listed(api, brand.owner, brand.us, *emails)
    await _listed(api, brand.owner, brand.us, "another@example.com")
    shown = (await api.read(_PREVIEW, brand.owner, accountId=brand.us.id, list=list_id))["sendPreview"]
    assert (shown["recipients"], shown["newContacts"], shown["refused"]) == (7, 7, [])
    made = await _reserve(api, brand.owner, brand.us, list_id)
    assert (made["reservation"]["recipients"], made["reservation"]["newContacts"]) == (7, 7)
    again = await _reserve(api, brand.owner, brand.us, list_id, "2")
    assert (again["reservation"]["recipients"], again["reservation"]["newContacts"]) == (7, 0)


async def test_who_is_left_out_is_counted(api: Api, brand: Brand) -> None:
    """A block entry of an account above counts too."""
    list_id = await _listed(
        api, brand.owner, brand.us, "ann@example.com", "bob@example.com", "cy@example.com"
    )
    await block(api, brand.owner, brand.master, "ANN@example.com")
    await unsubscribe(api, brand.owner, brand.us, "bob@example.com")
    shown = (await api.read(_PREVIEW, brand.owner, accountId=brand.us.id, list=list_id))["sendPreview"]
    assert (shown["recipients"], shown["blocked"], shown["unsubscribed"]) == (1, 1, 1)
    assert shown["leftOut"] == []
    made = await _reserve(api, brand.owner, brand.us, list_id)
    assert made["reservation"]["recipients"] == 1
    assert made["leftOut"] == []


async def test_the_same_key_reserves_once_whatever_the_list_has_become(api: Api, brand: Brand) -> None:
    list_id = await _listed(api, brand.owner, brand.us, "ann@example.com")
    made = await _reserve(api, brand.owner, brand.us, list_id)
    more = [{"email": "bob@example.com", "addToLists": [list_id]}]
    await done(api, "contactUpsert", brand.owner, accountId=brand.us.id, contacts=more)
    again = await _reserve(api, brand.owner, brand.us, list_id)
    assert again == made | {"replayed": True}
    other = await _listed(api, brand.owner, brand.us, "ann@example.com")
    values = {"accountId": brand.us.id, "stream": "MARKETING", "contactListId": other, "idempotencyKey": "1"}
    assert await code_of(api, "sendReserve", brand.owner, **values) == "IDEMPOTENCY_MISMATCH"


async def test_a_list_of_nobody_or_of_another_account_is_refused(
    api: Api, world: World, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same answer; and nothing is reserved. A preview of an empty list warns, as one of no addresses
    does."""
    empty = contact_list_id(brand.us, await give_contact_list(world, brand.us, "Empty"))
    of_sibling = await _listed(api, brand.owner, brand.uk, "ann@example.com")
    deleted = await _listed(api, brand.owner, brand.us, "ann@example.com")
    await done(api, "contactListDelete", brand.owner, contactListId=deleted)
    large = await _listed(api, brand.owner, brand.us, "ann@example.com", "bob@example.com")
    monkeypatch.setattr(contact_lists, "MOST_CONTACTS", 1)
    before = await world.state(brand.master)
    for list_id, code in (
        (empty, "BAD_USER_INPUT"),
        (of_sibling, "NOT_FOUND"),
        (deleted, "NOT_FOUND"),
        (large, "BAD_USER_INPUT"),
        (f"clst_{brand.us.key}_{brand.us.key}", "NOT_FOUND"),
        ("clst_1", "NOT_FOUND"),
    ):
        values = {"accountId": brand.us.id, "stream": "MARKETING", "contactListId": list_id}
        refused = await attempt(api, "sendReserve", brand.owner, **values, idempotencyKey="1")
        assert (refused.code, refused.named) == (code, "contactListId"), list_id
        answer = await api.ask(_PREVIEW, brand.owner, accountId=brand.us.id, list=list_id)
        if list_id == empty:
            assert answer.data["sendPreview"]["warnings"] == ["NO_RECIPIENTS"]
            continue
        assert answer.codes == [code], list_id
        assert answer.errors[0]["extensions"]["argument"] == "contactListId", list_id
    assert await world.state(brand.master) == before


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ("CAMPAIGNS_SEND CONTACTS_READ", None),
        ("CAMPAIGNS_SEND CONTACTS_WRITE", "CONTACTS_READ"),
        ("CAMPAIGNS_SEND", "CONTACTS_READ"),
        ("CONTACTS_READ", "CAMPAIGNS_SEND"),
    ],
)
async def test_who_sends_to_a_list_sees_contacts_too(
    held: str, missing: str | None, api: Api, world: World, brand: Brand
) -> None:
    """How many are sent to, and how many are left out, tells of hidden contacts (T38)."""
    list_id = await _listed(api, brand.owner, brand.us, "ann@example.com")
    role = await world.role(brand.us, f"ACCOUNT_READ CAMPAIGNS_READ {held}")
    member = await world.member(brand.us, role)
    before = await world.state(brand.master)
    values = {"accountId": brand.us.id, "stream": "MARKETING", "contactListId": list_id}
    tried = await mutate(api, "sendReserve", member, {**values, "idempotencyKey": "1"})
    shown = await api.ask(_PREVIEW, member, accountId=brand.us.id, list=list_id)
    if missing is None:
        assert outcome(tried, "sendReserve") == DONE
        assert shown.errors == []
        return
    assert outcome(tried, "sendReserve") == f"FORBIDDEN {missing}"
    assert [error["extensions"]["permission"] for error in shown.errors] == [missing]
    assert shown.data == {"sendPreview": None}
    assert await world.state(brand.master) == before


async def test_who_may_not_see_contacts_sends_to_addresses(api: Api, world: World, brand: Brand) -> None:
    role = await world.role(brand.us, "ACCOUNT_READ CAMPAIGNS_READ CAMPAIGNS_SEND")
    member = await world.member(brand.us, role)
    values = {"accountId": brand.us.id, "stream": "MARKETING", "recipients": ["ann@example.com"]}
    assert await code_of(api, "sendReserve", member, **values, idempotencyKey="1") == ""
