"""contactUpdate and contactErase: one contact, by its id."""

from typing import Any

import pytest
from sqlalchemy import TextClause, select, text

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.base.columns import metadata
from models.base.ids import new_id
from models.effects.events import events
from tests.areas.contacts.asking import (
    contacts_of,
    create_attribute,
    create_list,
    outcomes,
    refused,
    upserted,
)
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.client.mutations import attempt, done
from tests.engine.paths import Path
from tests.world.block_list import block
from tests.world.contacts import contact_id
from tests.world.suppressions import resubscribe, unsubscribe
from tests.world.world import Account, Member, World

_ADA = {"externalId": "1", "email": "Ada@Example.com", "phone": "+46701234567"}
_BO = {"externalId": "2", "email": "bo@example.com", "phone": "+46701234568"}
_SHOWN = (
    "contact { id externalId email emailCanonical phone phoneCanonical attributes version "
    "lists { nodes { list { name } } } }"
)


@pytest.fixture
async def ada(api: Api, account: Account, marketer: Member) -> str:
    """The id of the account's contact, beside another one."""
    await create_attribute(api, marketer, account, "country", "TEXT")
    ids = await upserted(api, marketer, account, _ADA | {"attributes": {"country": "SE"}}, _BO)
    return ids[0]


async def test_an_update_shows_what_is_stored(api: Api, account: Account, marketer: Member, ada: str) -> None:
    news = await create_list(api, marketer, account, "News")
    values: dict[str, Any] = {"email": "ADA@bücher.example", "phone": "08-123 456 78", "phoneCountry": "se"}
    values |= {"externalId": None, "attributes": {"country": None}, "addToLists": [news]}
    changed = await done(api, "contactUpdate", marketer, _SHOWN, contactId=ada, **values)
    assert changed["contact"] == {
        "id": ada,
        "externalId": None,
        "email": "ADA@bücher.example",
        "emailCanonical": "ada@xn--bcher-kva.example",
        "phone": "08-123 456 78",
        "phoneCanonical": "+46812345678",
        "attributes": {},
        "version": 2,
        "lists": {"nodes": [{"list": {"name": "News"}}]},
    }
    same = await done(api, "contactUpdate", marketer, _SHOWN, contactId=ada, **values)
    assert same["contact"] == changed["contact"]
    left = await done(api, "contactUpdate", marketer, _SHOWN, contactId=ada, removeFromLists=[news])
    assert left["contact"] == changed["contact"] | {"lists": {"nodes": []}}


@pytest.mark.parametrize("field", ["externalId", "email", "phone"])
async def test_what_another_contact_has_is_not_taken_from_it(
    api: Api, account: Account, marketer: Member, ada: str, field: str
) -> None:
    before = await contacts_of(api, marketer, account)
    values = {"contactId": ada, field: _BO[field]}
    assert await refused(api, "contactUpdate", marketer, **values) == ("CONFLICT", field)
    assert await contacts_of(api, marketer, account) == before
    await done(api, "contactUpdate", marketer, contactId=ada, **{field: _ADA[field]})
    assert await contacts_of(api, marketer, account) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": None, "phone": None}, "email"),
        ({"email": ""}, "email"),
        ({"phone": "0701234567"}, "phone"),
        ({"externalId": ""}, "externalId"),
        ({"attributes": None}, "attributes"),
        ({"attributes": [1]}, "attributes"),
        ({"attributes": {"city": "Lund"}}, "attributes.city"),
        ({"phoneCountry": ""}, "phoneCountry"),
        ({"phoneCountry": "XX"}, "phoneCountry"),
    ],
)
async def test_what_is_wrong_changes_nothing(
    api: Api, account: Account, marketer: Member, ada: str, values: dict[str, Any], field: str
) -> None:
    before = await contacts_of(api, marketer, account)
    given = {"contactId": ada, "email": "new@example.com"} | values
    assert await refused(api, "contactUpdate", marketer, **given) == ("BAD_USER_INPUT", field)
    assert await contacts_of(api, marketer, account) == before


@pytest.mark.parametrize("name", ["nope", "a.b"])
async def test_the_path_of_an_attribute_is_that_of_an_upsert(
    api: Api, marketer: Member, ada: str, name: str
) -> None:
    made = await attempt(api, "contactUpdate", marketer, contactId=ada, attributes={name: 1})
    assert made.user_error is not None
    assert made.user_error["field"] == ["input", "attributes", name]


async def test_a_contact_is_changed_as_it_was_read(
    api: Api, world: World, account: Account, marketer: Member, ada: str
) -> None:
    """A change of lists raises no version, and needs the current one as well."""
    news = await create_list(api, marketer, account, "News")
    for values in ({"email": "new@example.com"}, {"addToLists": [news]}):
        stale = await attempt(api, "contactUpdate", marketer, contactId=ada, expectedVersion=2, **values)
        assert stale.user_error is not None
        assert (stale.user_error["__typename"], stale.user_error["currentVersion"]) == ("VersionConflict", 1)
    assert [contact["version"] for contact in await contacts_of(api, marketer, account)] == [1, 1]
    await done(api, "contactUpdate", marketer, contactId=ada, expectedVersion=1, addToLists=[news])
    await done(api, "contactUpdate", marketer, contactId=ada, expectedVersion=1, externalId="3")
    key = await world.api_key(account)
    told = await events_of(api, key, account.id, "CONTACT_UPDATED")
    assert [(each["subjectId"], each["before"], each["after"]) for each in told] == [(ada, None, None)] * 2


async def test_what_changes_nothing_is_not_logged(
    api: Api, world: World, account: Account, marketer: Member, ada: str
) -> None:
    before = await world.state(account)
    same = {**_ADA, "attributes": {"country": "SE"}}
    await done(api, "contactUpdate", marketer, contactId=ada, expectedVersion=1, **same)
    await done(api, "contactUpdate", marketer, contactId=ada, expectedVersion=1)
    assert await outcomes(api, marketer, account, _ADA) == ["UNCHANGED"]
    assert await world.state(account) == before


def _with(table: str) -> TextClause:
    return text(f"SELECT count(*) FROM {table} AS r WHERE position(lower(:word) in lower(r::text)) > 0")


async def _rows_with(world: World, words: list[str]) -> list[str]:
    """The tables with a row in which one of the words stands, whatever the column."""
    tables = [*(table.fullname for table in metadata.sorted_tables), "pgq.pgqueuer", "pgq.pgqueuer_log"]
    async with world.database.connect() as connection:
        return [
            f"{table}: {word}"
            for table in tables
            for word in words
            if (await connection.execute(_with(table), {"word": word})).scalar_one()
        ]


async def test_of_an_erased_person_nothing_is_left(
    api: Api, world: World, account: Account, marketer: Member
) -> None:
    """Nowhere in the database, also not in the log or beside a key of repetition (T23)."""
    await create_attribute(api, marketer, account, "city", "TEXT")
    news = await create_list(api, marketer, account, "News")
    mark = new_id().hex
    owner = await world.member(account, BuiltinRole.OWNER)
    person: dict[str, Any] = {"externalId": f"x{mark}", "email": f"Person.{mark}@bücher.example"}
    person |= {"phone": "+46 70 987 65 43", "attributes": {"city": f"Town {mark}"}, "addToLists": [news]}
    words = [mark, "+46709876543", "70 987 65 43"]
    (id_,) = await upserted(api, marketer, account, person, source="A form")
    await done(api, "contactUpdate", marketer, contactId=id_, email=f"other.{mark}@example.com")
    await outcomes(api, marketer, account, person | {"externalId": None}, {"email": f"@{mark}"})
    for address in (person["email"], person["phone"]):
        await block(api, owner, account, address, source=f"A call about {mark}")
        await unsubscribe(api, owner, account, address)
        consent = f"{mark} said yes"
        assert await resubscribe(api, owner, account, address, evidence=consent) == "RESUBSCRIBED"
    marked = {f"{table}: {mark}" for table in ("block_entries", "unsubscribes")}
    assert set(await _rows_with(world, words)) == marked | {f"contacts: {word}" for word in words}
    erased = await done(api, "contactErase", marketer, "removedContactId account { id }", contactId=id_)
    assert (erased["removedContactId"], erased["account"]["id"]) == (id_, account.id)
    assert await _rows_with(world, words) == []
    given = "query ($id: ID!) { account(id: $id) { unsubscribes { nodes { evidence } } } }"
    assert (await api.read(given, owner, id=account.id))["account"]["unsubscribes"]["nodes"] == [
        {"evidence": "Erased"}
    ] * 2
    key = await world.api_key(account)
    (event,) = await events_of(api, key, account.id, "CONTACT_ERASED")
    assert (event["subjectId"], event["before"], event["after"]) == (id_, None, None)
    item = id_.rpartition("_")[2]
    left = {place.partition(":")[0] for place in await _rows_with(world, [item])}
    assert left <= {"events"}


async def test_the_log_has_no_value_of_a_contact(
    api: Api, world: World, account: Account, marketer: Member, ada: str
) -> None:
    await done(api, "contactUpdate", marketer, contactId=ada, email="secret@example.com")
    await done(api, "contactErase", marketer, contactId=ada)
    async with world.database.connect() as connection:
        rows = (await connection.execute(select(events).where(events.c.account_id == account.key))).all()
    assert len(rows) > 3
    assert [row for row in rows if "example.com" in str(row).lower() or "+4670" in str(row)] == []


@pytest.mark.parametrize("path", Path)
async def test_an_erased_contact_is_gone_from_every_read(
    api: Api, account: Account, marketer: Member, ada: str, path: Path
) -> None:
    """Its address is free, and a contact with it is another one."""
    news = await create_list(api, marketer, account, "News")
    await done(api, "contactUpdate", marketer, contactId=ada, addToLists=[news])
    await done(api, "contactErase", marketer, contactId=ada)
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { id
      ... on ContactList { contacts { totalCount nodes { id } } } } }"""
    found = (await api.read(path.of(query), marketer, ids=[ada, news]))["nodes"]
    assert found == [None, {"id": news, "contacts": {"totalCount": 0, "nodes": []}}]
    assert [contact["email"] for contact in await contacts_of(api, marketer, account)] == ["bo@example.com"]
    for mutation in ("contactErase", "contactUpdate"):
        assert await refused(api, mutation, marketer, contactId=ada) == ("NOT_FOUND", "contactId")
    (again,) = await upserted(api, marketer, account, _ADA)
    assert again != ada


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
async def test_a_person_is_erased_whatever_the_account_has_become(
    api: Api, world: World, account: Account, marketer: Member, ada: str, status: AccountStatus
) -> None:
    await world.set_status(account, status)
    code = f"ACCOUNT_{status.value}"
    assert await refused(api, "contactUpdate", marketer, contactId=ada) == (code, None)
    values = {"accountId": account.id, "contacts": [{"email": "new@example.com"}]}
    assert await refused(api, "contactUpsert", marketer, **values) == (code, None)
    await done(api, "contactErase", marketer, contactId=ada)
    assert [contact["email"] for contact in await contacts_of(api, marketer, account)] == ["bo@example.com"]


async def test_a_contact_of_another_account_is_not_there(
    api: Api, world: World, account: Account, marketer: Member, ada: str
) -> None:
    """By an id that names this account, too."""
    sibling = await world.account(await world.account())
    key = await world.api_key(sibling)
    (strange,) = await upserted(api, key, sibling, _ADA)
    before = await world.state(account, sibling)
    mixed = contact_id(account, new_id()).rpartition("_")[0] + "_" + strange.rpartition("_")[2]
    for wrong in (strange, mixed, contact_id(account, new_id())):
        for mutation in ("contactUpdate", "contactErase"):
            assert await refused(api, mutation, marketer, contactId=wrong) == ("NOT_FOUND", "contactId")
    assert await world.state(account, sibling) == before
    assert await outcomes(api, marketer, account, _ADA) == ["UNCHANGED"]
