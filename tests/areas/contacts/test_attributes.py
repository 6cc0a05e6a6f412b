"""What an account keeps of its contacts: names and types for good, and values of the right type alone."""

from typing import Any

import pytest
from sqlalchemy import insert

from models.base.ids import new_id
from models.contacts.tables import contact_attributes
from tests.areas.contacts.asking import contacts_of, create_attribute, outcomes, refused, upsert, upserted
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.engine.paths import Path
from tests.world.world import Account, Member, World

_READ = "query ($id: ID!) { account(id: $id) { contactAttributes { name type createdAt } } }"


@pytest.mark.parametrize("path", Path)
async def test_attributes_are_shown_in_the_order_of_their_making(
    api: Api, world: World, account: Account, marketer: Member, path: Path
) -> None:
    for name, type_ in (("vip", "BOOLEAN"), ("city", "TEXT"), ("born", "DATE"), ("visits", "NUMBER")):
        shown = "contactAttribute { name type }"
        values = {"accountId": account.id, "name": name, "type": type_}
        made = await done(api, "contactAttributeCreate", marketer, shown, **values)
        assert made["contactAttribute"] == {"name": name, "type": type_}
    found = (await api.read(path.of(_READ), marketer, id=account.id))["account"]["contactAttributes"]
    assert all(attribute.pop("createdAt").endswith("+00:00") for attribute in found)
    assert [(attribute["name"], attribute["type"]) for attribute in found] == [
        ("vip", "BOOLEAN"),
        ("city", "TEXT"),
        ("born", "DATE"),
        ("visits", "NUMBER"),
    ]
    key = await world.api_key(account)
    last = (await events_of(api, key, account.id, "CONTACT_ATTRIBUTE_CREATED"))[0]
    assert (last["before"], last["after"]) == (None, {"name": "visits", "type": "NUMBER"})


async def test_a_name_is_taken_for_good(api: Api, account: Account, marketer: Member) -> None:
    """By an attribute of any type; case counts, composition and outer spaces do not."""
    await create_attribute(api, marketer, account, "caf\u00e9", "TEXT")
    for name, type_ in (("caf\u00e9", "TEXT"), (" cafe\u0301 ", "NUMBER")):
        values = {"accountId": account.id, "name": name, "type": type_}
        assert await refused(api, "contactAttributeCreate", marketer, **values) == ("CONFLICT", "name")
    await create_attribute(api, marketer, account, "CAF\u00c9", "NUMBER")


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\u200bb", "a\nb", "\u202eb"])
async def test_a_name_that_is_none(api: Api, account: Account, marketer: Member, name: str) -> None:
    values = {"accountId": account.id, "name": name, "type": "TEXT"}
    assert await refused(api, "contactAttributeCreate", marketer, **values) == ("BAD_USER_INPUT", "name")


async def test_a_hundred_attributes_and_no_more(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    place = {"master_id": account.master, "account_id": account.key, "type": "TEXT"}
    async with world.database.begin() as connection:
        rows = [place | {"id": new_id(), "name": f"attribute {number}"} for number in range(99)]
        await connection.execute(insert(contact_attributes), rows)
    await create_attribute(api, marketer, account, "the hundredth", "TEXT")
    values = {"accountId": account.id, "name": "one more", "type": "TEXT"}
    assert await refused(api, "contactAttributeCreate", marketer, **values) == (
        "FAILED_PRECONDITION",
        "name",
    )
    values["name"] = "the hundredth"
    assert await refused(api, "contactAttributeCreate", marketer, **values) == ("CONFLICT", "name")


_RIGHT: list[tuple[str, Any, Any]] = [
    ("TEXT", "Lund", "Lund"),
    ("TEXT", " cafe\u0301 ", "caf\u00e9"),
    ("TEXT", "x" * 1000, "x" * 1000),
    ("TEXT", "5", "5"),
    ("TEXT", 'a "quoted" \\ 🦊', 'a "quoted" \\ 🦊'),
    ("NUMBER", 5, 5),
    ("NUMBER", 5.0, 5),
    ("NUMBER", -0.0, 0),
    ("NUMBER", 0.1, 0.1),
    ("NUMBER", 10**15, 10**15),
    ("NUMBER", -(10**15), -(10**15)),
    ("NUMBER", 1e-300, 1e-300),
    ("DATE", "2026-02-28", "2026-02-28"),
    ("DATE", "0001-01-01", "0001-01-01"),
    ("BOOLEAN", True, True),
    ("BOOLEAN", False, False),
]
_WRONG: list[tuple[str, Any]] = [
    ("TEXT", 5),
    ("TEXT", True),
    ("TEXT", ["Lund"]),
    ("TEXT", {"a": "b"}),
    ("TEXT", ""),
    ("TEXT", " "),
    ("TEXT", "\u200b"),
    ("TEXT", "a\nb"),
    ("TEXT", "x" * 1001),
    ("NUMBER", "5"),
    ("NUMBER", True),
    ("NUMBER", 10**15 + 1),
    ("NUMBER", -(10**15) - 1),
    ("NUMBER", 1e300),
    ("NUMBER", [5]),
    ("DATE", "2026-02-30"),
    ("DATE", "2026-2-3"),
    ("DATE", "2026-02-28T00:00:00Z"),
    ("DATE", "20260228"),
    ("DATE", "0000-01-01"),
    ("DATE", "\u0662\u0660\u0662\u0666-02-28"),
    ("DATE", 20260228),
    ("DATE", ""),
    ("BOOLEAN", "true"),
    ("BOOLEAN", 1),
    ("BOOLEAN", 0),
    ("BOOLEAN", ""),
]


async def test_values_of_the_right_type_are_kept(api: Api, account: Account, marketer: Member) -> None:
    """And sent again they change nothing."""
    for number, (type_, *_) in enumerate(_RIGHT):
        await create_attribute(api, marketer, account, str(number), type_)
    values = {str(number): given for number, (_, given, _) in enumerate(_RIGHT)}
    contact = {"email": "ada@example.com", "attributes": values}
    assert await outcomes(api, marketer, account, contact) == ["CREATED"]
    assert await outcomes(api, marketer, account, contact) == ["UNCHANGED"]
    (stored,) = await contacts_of(api, marketer, account)
    expected = {str(number): kept for number, (_, _, kept) in enumerate(_RIGHT)}
    assert stored["attributes"] == expected
    assert {name: type(value) for name, value in stored["attributes"].items()} == {
        name: type(value) for name, value in expected.items()
    }


async def test_values_of_another_type_are_refused(api: Api, account: Account, marketer: Member) -> None:
    """By an upsert and by an update, with the attribute's name; nothing of the contact is stored."""
    for type_ in ("TEXT", "NUMBER", "DATE", "BOOLEAN"):
        await create_attribute(api, marketer, account, type_, type_)
    (id_,) = await upserted(api, marketer, account, {"email": "ada@example.com"})
    before = await contacts_of(api, marketer, account)
    for type_, value in _WRONG:
        attributes = {"attributes": {type_: value}}
        (result,) = await upsert(api, marketer, account, {"email": "bo@example.com"} | attributes)
        assert (result.code, result.field) == ("BAD_USER_INPUT", f"attributes.{type_}"), (type_, value)
        changed = await attempt(api, "contactUpdate", marketer, contactId=id_, **attributes)
        assert (changed.code, changed.named) == ("BAD_USER_INPUT", f"attributes.{type_}"), (type_, value)
    assert await contacts_of(api, marketer, account) == before


async def test_a_hundred_values_of_many_contacts(api: Api, account: Account, marketer: Member) -> None:
    """About the largest request that there is: a request has at most 20,000 values."""
    for number in range(100):
        await create_attribute(api, marketer, account, f"a{number}", "TEXT")
    values = {f"a{number}": "x" * 20 for number in range(100)}
    many = [{"email": f"n{number}@example.com", "attributes": values} for number in range(150)]
    assert set(await outcomes(api, marketer, account, *many)) == {"CREATED"}
    assert [contact["attributes"] for contact in await contacts_of(api, marketer, account)] == [values] * 150
