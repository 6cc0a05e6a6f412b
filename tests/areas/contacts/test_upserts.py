"""contactUpsert: who is meant, what becomes of each, and that what is wrong refuses one alone."""

from typing import Any

import pytest

from tests.areas.contacts.asking import (
    contacts_of,
    create_attribute,
    create_list,
    outcomes,
    refused,
    upsert,
    upserted,
)
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.world.world import Account, Member, World

_ADA = {"externalId": "1", "email": "Ada@Example.com", "phone": "+46 70 123 45 67"}


async def test_what_is_created_updated_and_unchanged(api: Api, account: Account, marketer: Member) -> None:
    await create_attribute(api, marketer, account, "country", "TEXT")
    news = await create_list(api, marketer, account, "News")
    given = _ADA | {"attributes": {"country": "SE"}, "addToLists": [news]}
    assert await outcomes(api, marketer, account, given, source="A form") == ["CREATED"]
    (stored,) = await contacts_of(api, marketer, account)
    assert stored == {
        "id": stored["id"],
        "externalId": "1",
        "email": "Ada@Example.com",
        "emailCanonical": "ada@example.com",
        "phone": "+46 70 123 45 67",
        "phoneCanonical": "+46701234567",
        "attributes": {"country": "SE"},
        "source": "A form",
        "version": 1,
        "lists": ["News"],
    }
    assert await outcomes(api, marketer, account, given, source="Another") == ["UNCHANGED"]
    assert await contacts_of(api, marketer, account) == [stored]
    assert await outcomes(api, marketer, account, _ADA | {"email": "ada@example.com"}) == ["UPDATED"]
    assert await contacts_of(api, marketer, account) == [stored | {"email": "ada@example.com", "version": 2}]


async def test_a_change_of_lists_alone_is_an_update_and_no_new_version(
    api: Api, account: Account, marketer: Member
) -> None:
    news, offers = [await create_list(api, marketer, account, name) for name in ("News", "Offers")]
    await upserted(api, marketer, account, _ADA | {"addToLists": [news]})
    for given, expected, lists in (
        ({"addToLists": [news]}, "UNCHANGED", ["News"]),
        ({"removeFromLists": [offers]}, "UNCHANGED", ["News"]),
        ({"addToLists": [news, offers, offers]}, "UPDATED", ["News", "Offers"]),
        ({"removeFromLists": [news], "addToLists": [offers]}, "UPDATED", ["Offers"]),
        ({"removeFromLists": [news, offers]}, "UPDATED", []),
    ):
        assert await outcomes(api, marketer, account, _ADA | given) == [expected]
        (stored,) = await contacts_of(api, marketer, account)
        assert (stored["lists"], stored["version"]) == (lists, 1)


_FOUND: list[tuple[dict[str, Any], str]] = [
    ({"externalId": "1"}, "UNCHANGED"),
    ({"email": "ADA@example.COM"}, "UPDATED"),
    ({"phone": "+46701234567"}, "UPDATED"),
    ({"externalId": "1", "email": "ada@new.example"}, "UPDATED"),
    ({"externalId": "1", "phone": "+46701234568"}, "UPDATED"),
    ({"email": "ada@example.com", "phone": "+46701234568"}, "UPDATED"),
    ({"email": "ada@new.example", "phone": "+46701234567"}, "UPDATED"),
    ({"externalId": None, "email": "ada@example.com"}, "UPDATED"),
    ({"externalId": "2", "email": "ada@new.example"}, "CREATED"),
    ({"email": "ada@new.example"}, "CREATED"),
    ({"phone": "+46701234568"}, "CREATED"),
]


@pytest.mark.parametrize(("given", "expected"), _FOUND)
async def test_a_contact_is_found_by_its_id_else_by_its_addresses(
    api: Api, account: Account, marketer: Member, given: dict[str, Any], expected: str
) -> None:
    """What is given takes the place of what the found one had; the rest stays."""
    await upserted(api, marketer, account, _ADA)
    assert await outcomes(api, marketer, account, given) == [expected]
    stored = await contacts_of(api, marketer, account)
    shown = [{name: contact[name] for name in _ADA} for contact in stored]
    nobody = dict.fromkeys(_ADA)
    assert shown == ([_ADA, nobody | given] if expected == "CREATED" else [_ADA | given])


_BO = {"externalId": "2", "email": "bo@example.com", "phone": "+46701234568"}
_CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"externalId": "1", "email": "bo@example.com"}, "email"),
    ({"externalId": "1", "phone": "+46701234568"}, "phone"),
    ({"email": "ada@example.com", "phone": "+46701234568"}, "phone"),
    ({"externalId": "3", "email": "ada@example.com"}, "externalId"),
    ({"externalId": "3", "phone": "+46701234567"}, "externalId"),
    ({"externalId": "2", "email": "ada@example.com", "phone": "+46701234567"}, "email"),
]


@pytest.mark.parametrize(("given", "field"), _CONFLICTS)
async def test_two_contacts_are_never_merged(
    api: Api, account: Account, marketer: Member, given: dict[str, Any], field: str
) -> None:
    """Nor is one given the id of another person by its address."""
    await upserted(api, marketer, account, _ADA, _BO)
    before = await contacts_of(api, marketer, account)
    (result,) = await upsert(api, marketer, account, given)
    assert (result.code, result.field) == ("CONFLICT", field)
    assert await contacts_of(api, marketer, account) == before


async def test_the_same_contact_twice_in_a_request(api: Api, account: Account, marketer: Member) -> None:
    """The first one counts, by whatever they are the same."""
    first, *others = await upsert(
        api,
        marketer,
        account,
        _ADA,
        _ADA,
        {"email": "ADA@EXAMPLE.com"},
        {"phone": "0046701234567"},
        {"externalId": "1", "email": "other@example.com"},
        phoneCountry="SE",
    )
    assert first.outcome == "CREATED"
    assert {(other.code, other.field) for other in others} == {("CONFLICT", None)}
    assert all("at index 0 of" in other.message for other in others), others
    assert len(await contacts_of(api, marketer, account)) == 1


async def test_an_address_does_not_change_hands_within_a_request(
    api: Api, account: Account, marketer: Member
) -> None:
    """Who gets it would depend on the order. In two requests it does."""
    await upserted(api, marketer, account, {"externalId": "1", "email": "ada@example.com"})
    gives = {"externalId": "1", "email": "ada@new.example"}
    takes = {"externalId": "2", "email": "ada@example.com"}
    assert await outcomes(api, marketer, account, takes, gives) == ["CONFLICT", "UPDATED"]
    assert await outcomes(api, marketer, account, takes) == ["CREATED"]
    back = {"externalId": "1", "email": "ada@old.example"}
    assert await outcomes(api, marketer, account, back, {"email": "ada@new.example"}) == [
        "UPDATED",
        "CONFLICT",
    ]


_WRONG: list[tuple[dict[str, Any], str, str | None]] = [
    ({}, "BAD_USER_INPUT", None),
    ({"externalId": None, "email": None, "phone": None}, "BAD_USER_INPUT", None),
    ({"attributes": {"country": "SE"}}, "BAD_USER_INPUT", None),
    ({"externalId": "7"}, "BAD_USER_INPUT", "email"),
    ({"externalId": "7", "email": None}, "BAD_USER_INPUT", "email"),
    ({"externalId": "1", "email": None, "phone": None}, "BAD_USER_INPUT", "email"),
    ({"externalId": "", "email": "x@example.com"}, "BAD_USER_INPUT", "externalId"),
    ({"externalId": "x" * 201, "email": "x@example.com"}, "BAD_USER_INPUT", "externalId"),
    ({"externalId": "a\u200bb", "email": "x@example.com"}, "BAD_USER_INPUT", "externalId"),
    ({"email": "nobody"}, "BAD_USER_INPUT", "email"),
    ({"phone": "12"}, "BAD_USER_INPUT", "phone"),
    ({"email": "x@example.com", "attributes": None}, "BAD_USER_INPUT", "attributes"),
    ({"email": "x@example.com", "attributes": []}, "BAD_USER_INPUT", "attributes"),
    ({"email": "x@example.com", "attributes": "SE"}, "BAD_USER_INPUT", "attributes"),
    ({"email": "x@example.com", "attributes": {"unknown": 1}}, "BAD_USER_INPUT", "attributes.unknown"),
    ({"email": "x@example.com", "attributes": {"a.b": 1}}, "BAD_USER_INPUT", "attributes.a.b"),
    ({"email": "x@example.com", "attributes": {"": 1}}, "BAD_USER_INPUT", "attributes."),
    ({"email": "x@example.com", "addToLists": ["nothing"]}, "NOT_FOUND", "addToLists"),
    ({"email": "x@example.com", "removeFromLists": [""]}, "NOT_FOUND", "removeFromLists"),
]


@pytest.mark.parametrize(("wrong", "code", "field"), _WRONG)
async def test_what_is_wrong_refuses_one_alone(
    api: Api, account: Account, marketer: Member, wrong: dict[str, Any], code: str, field: str | None
) -> None:
    await create_attribute(api, marketer, account, "country", "TEXT")
    await upserted(api, marketer, account, _ADA)
    before, bad, after = await upsert(
        api, marketer, account, {"email": "before@example.com"}, wrong, {"email": "after@example.com"}
    )
    assert (before.outcome, bad.code, bad.field, after.outcome) == ("CREATED", code, field, "CREATED")
    stored = await contacts_of(api, marketer, account)
    assert [contact["email"] for contact in stored] == [
        "Ada@Example.com",
        "before@example.com",
        "after@example.com",
    ]
    assert stored[0]["version"] == 1


async def test_lists_that_are_both_added_and_removed(api: Api, account: Account, marketer: Member) -> None:
    news = await create_list(api, marketer, account, "News")
    given = _ADA | {"addToLists": [news], "removeFromLists": [news]}
    (result,) = await upsert(api, marketer, account, given)
    assert (result.code, result.field) == ("BAD_USER_INPUT", "removeFromLists")
    assert await contacts_of(api, marketer, account) == []


async def test_a_value_that_is_null_is_removed_and_one_that_is_left_out_stays(
    api: Api, account: Account, marketer: Member
) -> None:
    for name in ("country", "city"):
        await create_attribute(api, marketer, account, name, "TEXT")
    await upserted(api, marketer, account, _ADA | {"attributes": {"country": "SE", "city": "Lund"}})
    given = {"externalId": "1", "phone": None, "attributes": {"country": None}}
    assert await outcomes(api, marketer, account, given) == ["UPDATED"]
    (stored,) = await contacts_of(api, marketer, account)
    assert (stored["email"], stored["phone"], stored["phoneCanonical"]) == ("Ada@Example.com", None, None)
    assert stored["attributes"] == {"city": "Lund"}
    again = {"externalId": "1", "phone": None, "attributes": {"country": None}}
    assert await outcomes(api, marketer, account, again) == ["UNCHANGED"]


async def test_a_thousand_contacts_and_no_more(api: Api, account: Account, marketer: Member) -> None:
    news = await create_list(api, marketer, account, "News")
    many = [{"email": f"n{number}@example.com", "addToLists": [news]} for number in range(1001)]
    for wrong in ([], many):
        values = {"accountId": account.id, "contacts": wrong}
        assert await refused(api, "contactUpsert", marketer, **values) == ("BAD_USER_INPUT", "contacts")
    assert await contacts_of(api, marketer, account) == []
    assert set(await outcomes(api, marketer, account, *many[:1000])) == {"CREATED"}
    assert set(await outcomes(api, marketer, account, *many[:1000])) == {"UNCHANGED"}
    stored = await contacts_of(api, marketer, account)
    assert [contact["email"] for contact in stored] == [contact["email"] for contact in many[:1000]]
    assert {tuple(contact["lists"]) for contact in stored} == {("News",)}


async def test_a_contact_is_added_to_a_hundred_lists_at_once(
    api: Api, account: Account, marketer: Member
) -> None:
    news = await create_list(api, marketer, account, "News")
    (result,) = await upsert(api, marketer, account, _ADA | {"addToLists": [news] * 101})
    assert (result.code, result.field) == ("BAD_USER_INPUT", "addToLists")
    assert await outcomes(api, marketer, account, _ADA | {"addToLists": [news] * 100}) == ["CREATED"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"source": ""}, "source"),
        ({"source": "x" * 201}, "source"),
        ({"source": "a\x07b"}, "source"),
        ({"phoneCountry": ""}, "phoneCountry"),
        ({"phoneCountry": "XX"}, "phoneCountry"),
        ({"phoneCountry": "Sweden"}, "phoneCountry"),
    ],
)
async def test_what_is_wrong_with_the_request_refuses_all(
    api: Api, account: Account, marketer: Member, more: dict[str, Any], field: str
) -> None:
    values = {"accountId": account.id, "contacts": [_ADA], **more}
    assert await refused(api, "contactUpsert", marketer, **values) == ("BAD_USER_INPUT", field)
    assert await contacts_of(api, marketer, account) == []


async def test_the_log_counts_and_names_nobody(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    owner = await world.api_key(account)
    await upserted(api, marketer, account, _ADA, _BO)
    await upserted(api, marketer, account, {"email": "new@example.com"}, _ADA | {"phone": None}, _BO)
    await upserted(api, marketer, account, _BO)
    await upsert(api, marketer, account, {"email": "nobody"})
    events = [event for event in await events_of(api, owner, account.id) if "CONTACT" in event["type"]]
    assert {event["subjectId"] for event in events} == {account.id}
    shown = [(event["type"], event["before"], event["after"]) for event in events]
    assert shown == [
        ("CONTACTS_CHANGED", None, {"created": 1, "updated": 1}),
        ("CONTACTS_CHANGED", None, {"created": 2}),
    ]
