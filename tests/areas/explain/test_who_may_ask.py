"""Who may ask about whom, and what nobody learns by asking (N20, R21, T31, T38)."""

import json
from dataclasses import dataclass

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission, mask_of
from models.accounts.tables import AccountStatus
from models.base.ids import Kind, new_id, present
from tests.areas.explain.asking import ask, why
from tests.authz.cases.moments import expire_member
from tests.client.api import Api
from tests.engine.statements import statements
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Agency:
    """An agency, its client the hotel with an owner, and another client beside it."""

    top: Account
    hotel: Account
    books: Account
    boss: Member
    hotelier: Member


@pytest.fixture
async def agency(world: World) -> Agency:
    """The boss manages all, the hotelier the hotel."""
    top = await world.account(name="Northlight Secret")
    hotel, books = await world.account(top, "Harbour Hotel"), await world.account(top, "Riverside Books")
    boss = await world.member(top, BuiltinRole.ADMINISTRATOR, await world.person("Boss"))
    return Agency(top, hotel, books, boss, await world.member(hotel, BuiltinRole.OWNER))


async def _refusal(api: Api, caller: Member, account: Account, subject_id: str) -> tuple[str, str]:
    """The code, and the argument that it is about."""
    answer = await ask(api, caller, account.id, "CONTACTS_READ", subject_id)
    assert answer.data == {"explainAccess": None}
    (error,) = answer.errors
    assert error["path"] == ["explainAccess"]
    return error["extensions"]["code"], error["extensions"].get("argument", "")


ON_SUBJECT = ("NOT_FOUND", "subject")


async def test_nobody_is_asked_for_without_a_token(api: Api, agency: Agency) -> None:
    answer = await ask(api, None, agency.hotel.id, "CONTACTS_READ")
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_everybody_may_ask_about_themselves(api: Api, world: World, agency: Agency) -> None:
    """Whatever they hold, by their person and by their own membership too."""
    analyst = await world.member(agency.hotel, BuiltinRole.ANALYST)
    for subject in (None, analyst, analyst.person):
        told = await why(api, analyst, agency.hotel, "CREDIT_READ", subject)
        assert (told.decision, told.granters) == ("DENIED", None)
        assert "The role FINANCE in Harbour Hotel would allow it." in told.misses
    key = await world.api_key(agency.hotel, BuiltinRole.ANALYST)
    for itself in (None, key):
        assert (await why(api, key, agency.hotel, "STATISTICS_READ", itself)).decision == "ALLOWED"


async def test_accounts_outside_reach_are_not_found(api: Api, agency: Agency) -> None:
    for account_id in (agency.books.id, agency.top.id, present(Kind.ACCOUNT, new_id()), "", "acct_x"):
        answer = await ask(api, agency.hotelier, account_id, "CONTACTS_READ")
        assert [error["extensions"] for error in answer.errors] == [
            {"code": "NOT_FOUND", "argument": "accountId", **_request_id(answer.errors[0])}
        ], account_id


def _request_id(error: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: value for name, value in error["extensions"].items() if name == "requestId"}


async def test_foreign_subjects_are_as_those_that_do_not_exist(
    api: Api, world: World, agency: Agency
) -> None:
    """Of another tree, of an account beside it, of one above that gives nothing here, and of nobody."""
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    neighbour = await world.member(agency.books, BuiltinRole.OWNER)
    analyst_above = await world.member(agency.top, BuiltinRole.ANALYST)
    foreign_key, key_above = await world.api_key(agency.books), await world.api_key(agency.top)
    members = [stranger, neighbour, analyst_above]
    ids = [id_ for member in members for id_ in (member.id, member.person.id)]
    ids += [foreign_key.id, key_above.id]
    nobody = [present(kind, new_id()) for kind in (Kind.USER, Kind.MEMBER, Kind.API_KEY)]
    nonsense = ["", "user_", "nope", agency.hotel.id, f"{neighbour.id}_{agency.hotel.key}"]
    for subject_id in (*ids, *nobody, *nonsense):
        assert await _refusal(api, agency.hotelier, agency.hotel, subject_id) == ON_SUBJECT, subject_id
    known = [stranger.person.id, neighbour.person.id]
    for subject_id in known:
        assert await _refusal(api, agency.boss, agency.hotel, subject_id) == ON_SUBJECT
    told = await why(api, agency.boss, agency.hotel, "STATISTICS_READ", analyst_above)
    assert told.decision == "DENIED"
    assert (await why(api, agency.boss, agency.hotel, "STATISTICS_READ", key_above)).decision == "ALLOWED"


async def test_unknown_and_foreign_subjects_take_the_same_statements(
    api: Api, world: World, agency: Agency
) -> None:
    """N20: the time that it takes tells nothing either."""
    stranger = await world.member(await world.account(), BuiltinRole.OWNER)
    above, key = await world.member(agency.top, BuiltinRole.ANALYST), await world.api_key(agency.top)
    for kind, foreign in (
        (Kind.USER, [stranger.person.id, above.person.id]),
        (Kind.MEMBER, [stranger.id, above.id]),
        (Kind.API_KEY, [key.id]),
    ):
        sent_for = []
        for subject_id in (present(kind, new_id()), *foreign):
            with statements() as sent:
                assert await _refusal(api, agency.hotelier, agency.hotel, subject_id) == ON_SUBJECT
            sent_for.append(sent)
        assert all(sent == sent_for[0] for sent in sent_for)


async def test_others_are_for_who_may_see_members_or_keys(api: Api, world: World, agency: Agency) -> None:
    analyst = await world.member(agency.hotel, BuiltinRole.ANALYST)
    developer = await world.member(agency.hotel, BuiltinRole.DEVELOPER)
    key = await world.api_key(agency.hotel)
    for subject_id in (agency.hotelier.id, agency.hotelier.person.id, key.id):
        assert await _refusal(api, analyst, agency.hotel, subject_id) == ON_SUBJECT
    assert await _refusal(api, developer, agency.hotel, analyst.id) == ON_SUBJECT
    assert (await why(api, developer, agency.hotel, "CONTACTS_READ", key)).decision == "ALLOWED"
    scopes = mask_of({Permission.ACCOUNT_READ, Permission.MEMBERS_READ})
    people_only = await world.api_key(agency.hotel, scopes=scopes)
    assert (await why(api, people_only, agency.hotel, "CONTACTS_READ", analyst)).decision == "DENIED"


async def test_to_see_members_elsewhere_is_not_enough(api: Api, world: World, agency: Agency) -> None:
    """Neither above, nor in the account beside it where the person is a member as well."""
    reads_above = await world.role(agency.top, "ACCOUNT_READ MEMBERS_READ", "ACCOUNT_READ")
    asker = await world.member(agency.top, reads_above)
    for subject in (agency.boss, agency.boss.person, agency.hotelier, agency.hotelier.person):
        assert await _refusal(api, asker, agency.hotel, subject.id) == ON_SUBJECT
    assert (await why(api, asker, agency.top, "CONTACTS_READ", agency.boss)).decision == "ALLOWED"
    neighbour = await world.member(agency.books, BuiltinRole.OWNER)
    await world.member(agency.books, BuiltinRole.ANALYST, agency.hotelier.person)
    assert (await why(api, neighbour, agency.books, "PLAN_READ", agency.hotelier.person)).decision == "DENIED"
    await world.member(agency.hotel, BuiltinRole.MARKETER, neighbour.person)
    assert await _refusal(api, neighbour, agency.hotel, agency.hotelier.person.id) == ON_SUBJECT


async def test_who_reaches_from_above_is_told_without_the_account_above(
    api: Api, world: World, agency: Agency
) -> None:
    """The hotel sees who has power over it (R54), and nothing of where that comes from (R21)."""
    await world.member(agency.hotel, BuiltinRole.ANALYST, agency.boss.person)
    told = await why(api, agency.hotelier, agency.hotel, "CONTACTS_READ", agency.boss.person)
    assert told.decision == "ALLOWED"
    (link,) = (step for step in told.data["steps"] if step["kind"] == "TREE_LINK")
    assert (link["about"], "below an account above" in link["sentence"]) == (None, True)
    text = json.dumps(told.data)
    assert "Northlight" not in text
    assert str(agency.top.key) not in text
    to_boss = await why(api, agency.boss, agency.hotel, "CONTACTS_READ")
    assert "below Northlight Secret" in json.dumps(to_boss.data)


async def test_what_a_person_holds_above_without_effect_is_not_told_below(
    api: Api, world: World, agency: Agency
) -> None:
    """Neither a role that does not reach down, nor one that has expired."""
    cleo = await world.member(agency.hotel, BuiltinRole.ANALYST)
    await world.member(agency.top, BuiltinRole.FINANCE, cleo.person)
    expired = await world.member(agency.top, BuiltinRole.ADMINISTRATOR)
    await expire_member(world.database, expired)
    told = await why(api, agency.hotelier, agency.hotel, "CREDIT_READ", cleo.person)
    assert [step["sentence"] for step in told.data["steps"] if step["kind"] == "ROLE"] == [
        "The role is ANALYST."
    ]
    assert await _refusal(api, agency.hotelier, agency.hotel, expired.person.id) == ON_SUBJECT
    to_boss = await why(api, agency.boss, agency.hotel, "CREDIT_READ", cleo.person)
    assert to_boss.chain.count("MEMBERSHIP ALLOWS") == 2
    assert (await why(api, agency.boss, agency.hotel, "CREDIT_READ", expired.person)).decision == "DENIED"
    of_herself = await why(api, cleo, agency.hotel, "CREDIT_READ")
    assert of_herself.chain.count("MEMBERSHIP ALLOWS") == 2


async def test_a_status_above_is_told_without_the_account(api: Api, world: World, agency: Agency) -> None:
    await world.set_status(agency.top, AccountStatus.SUSPENDED)
    told = await why(api, agency.hotelier, agency.hotel, "CONTACTS_WRITE")
    assert told.misses == {"An account above is suspended.": True}
    assert told.step("ACCOUNT_STATUS")["about"] is None
    assert "Northlight" not in json.dumps(told.data)


async def test_a_guest_without_members_asks_about_nobody_else(api: Api, world: World, agency: Agency) -> None:
    """T38: what a share hides is hidden here as well."""
    guest = await world.person()
    analyst = await world.member(agency.hotel, BuiltinRole.ANALYST)
    key = await world.api_key(agency.hotel)
    hidden = Given(BuiltinRole.ADMINISTRATOR, hidden=[Area.MEMBERS, Area.API_KEYS])
    await give_share(world, [agency.hotel], guest, agency.hotelier.person, hidden)
    for subject_id in (analyst.id, analyst.person.id, agency.hotelier.person.id, key.id):
        answer = await ask(api, guest, agency.hotel.id, "CONTACTS_READ", subject_id)
        assert answer.codes == ["NOT_FOUND"], subject_id
    told = await why(api, guest, agency.hotel, "MEMBERS_READ")
    assert (told.decision, told.granters) == ("DENIED", None)


async def test_an_offer_that_waits_makes_nobody_known(api: Api, world: World, agency: Agency) -> None:
    """Else an address would tell whose it is."""
    person = await world.person()
    waits = Given(accepted=False)
    await give_share(world, [agency.hotel], person, agency.hotelier.person, waits)
    assert await _refusal(api, agency.hotelier, agency.hotel, person.id) == ON_SUBJECT


async def test_nothing_is_written(api: Api, world: World, agency: Agency) -> None:
    """Neither by an answer nor by a refusal."""
    before = await world.state(agency.top)
    await why(api, agency.boss, agency.hotel, "CREDIT_READ", agency.hotelier)
    await _refusal(api, agency.hotelier, agency.hotel, present(Kind.USER, new_id()))
    assert await world.state(agency.top) == before
