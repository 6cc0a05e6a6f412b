"""A real streaming replica that lags: what is read without a revision is old, and with one never (N7)."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.wall.freshness import current_revision
from tests.client.api import Api, Caller
from tests.client.mutations import Token, attempt, done
from tests.engine.paths import Path
from tests.freshness.replica import Replica
from tests.world.contacts import give_listed_contact
from tests.world.world import Account, Member, World

pytestmark = pytest.mark.parametrize("path", Path)

NAME = "query ($id: ID!) { account(id: $id) { name } }"
FAR_AHEAD = f"00000001-1-{2**63}"


@pytest.fixture
async def account(replicated: World) -> Account:
    """An account, as replica and primary have it."""
    return await replicated.account(name="Before")


@pytest.fixture
async def owner(replicated: World, account: Account) -> Member:
    """Who changes it."""
    return await replicated.member(account, BuiltinRole.OWNER)


@pytest.fixture
async def member(replicated: World, account: Account) -> Member:
    """Somebody from whom the account is taken away."""
    return await replicated.member(account, BuiltinRole.ADMINISTRATOR)


async def _name(api: Api, path: Path, caller: Caller, account: Account) -> str:
    found: str = (await api.read(path.of(NAME), caller, id=account.id))["account"]["name"]
    return found


async def _renamed(api: Api, caller: Caller, account: Account) -> str:
    values = {"accountId": account.id, "expectedVersion": 1, "name": "After"}
    revision: str = (await done(api, "accountUpdate", caller, "authzRevision", **values))["authzRevision"]
    return revision


async def test_only_a_read_without_a_revision_is_old(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member
) -> None:
    api = replicated_api
    async with replica.behind():
        revision = await _renamed(api, owner, account)
        # The reference executor reads the primary in any case.
        assert await _name(api, path, owner, account) == ("Before" if path is Path.COMPILED else "After")
        assert await _name(api.at_least(revision), path, owner, account) == "After"
    assert await _name(api, path, owner, account) == "After"
    assert await _name(api.at_least(revision), path, owner, account) == "After"


async def test_a_membership_that_was_ended_opens_nothing(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member, member: Member
) -> None:
    api = replicated_api
    async with replica.behind():
        ended = await done(api, "memberRemove", owner, "authzRevision", memberId=member.id)
        fresh = api.at_least(ended["authzRevision"])
        assert (await fresh.ask(path.of(NAME), member, id=account.id)).codes == ["NOT_FOUND"]
        assert await _name(fresh, path, owner, account) == "Before"
        if path is Path.COMPILED:
            assert await _name(api, path, member, account) == "Before"
    assert (await api.ask(path.of(NAME), member, id=account.id)).codes == ["NOT_FOUND"]


async def test_a_key_that_was_revoked_is_unknown(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member, replicated: World
) -> None:
    api, key = replicated_api, await replicated.api_key(account)
    async with replica.behind():
        revoked = await done(api, "apiKeyRevoke", owner, "authzRevision", apiKeyId=key.id)
        answer = await api.at_least(revoked["authzRevision"]).ask(path.of(NAME), key, id=account.id)
        assert answer.codes == ["UNAUTHENTICATED"]
        if path is Path.COMPILED:
            assert await _name(api, path, key, account) == "Before"
    assert (await api.ask(path.of(NAME), key, id=account.id)).codes == ["UNAUTHENTICATED"]


async def test_a_write_is_checked_by_the_primary(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member, member: Member
) -> None:
    """Whoever has just been removed changes nothing, though the replica still has the membership."""
    api = replicated_api
    async with replica.behind():
        ended = await done(api, "memberRemove", owner, "authzRevision", memberId=member.id)
        values = {"accountId": account.id, "expectedVersion": 1, "name": "Taken"}
        refused = await attempt(api, "accountUpdate", member, "authzRevision", **values)
        assert (refused.code, refused.payload["authzRevision"]) == ("NOT_FOUND", None)
        fresh = api.at_least(ended["authzRevision"])
        assert await _name(fresh, path, owner, account) == "Before"
        assert await _renamed(api, owner, account) != ended["authzRevision"]


async def test_who_has_just_signed_in_is_known(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member
) -> None:
    """Without a revision too: the primary is asked for a token that the replica does not know."""
    async with replica.behind():
        values = {"email": owner.person.email, "password": "correct horse battery"}
        signed_in = await done(replicated_api, "signIn", None, "token", **values)
        assert await _name(replicated_api, path, Token(signed_in["token"]), account) == "Before"


async def test_a_revision_under_way_when_a_later_one_is_replayed(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member, primary: AsyncEngine
) -> None:
    """PostgreSQL calls it visible on the replica: its snapshots do not tell what is under way there."""
    api = replicated_api.at_least
    async with primary.connect() as early:
        revision = (await early.execute(select(current_revision()))).scalar_one()
        await early.execute(text("UPDATE accounts SET name = 'Early' WHERE id = :id"), {"id": account.key})
        async with primary.begin() as late:
            await late.execute(text("CREATE TEMPORARY TABLE later ON COMMIT DROP AS SELECT 1"))
        await replica.caught_up()
        asked = path.of(NAME)
        assert (await api(revision).ask(asked, owner, id=account.id)).codes == ["REVISION_UNKNOWN"]
        async with replica.behind():
            await early.commit()
            assert await _name(api(revision), path, owner, account) == "Early"
    await replica.caught_up()
    assert await _name(api(revision), path, owner, account) == "Early"


async def test_a_revision_that_nobody_has_is_an_error(
    path: Path, replicated_api: Api, account: Account, owner: Member
) -> None:
    answer = await replicated_api.at_least(FAR_AHEAD).ask(path.of(NAME), owner, id=account.id)
    assert (answer.status, answer.data, answer.codes) == (400, None, ["REVISION_UNKNOWN"])
    assert await _name(replicated_api, path, owner, account) == "Before"


async def test_contacts_are_as_old_as_the_rights_to_see_them(
    path: Path, replicated_api: Api, replica: Replica, account: Account, owner: Member, replicated: World
) -> None:
    """Both are read on one server."""
    query = path.of("query ($id: ID!) { account(id: $id) { contacts { totalCount } } }")

    async def count(api: Api) -> int:
        found: int = (await api.read(query, owner, id=account.id))["account"]["contacts"]["totalCount"]
        return found

    async with replica.behind():
        await give_listed_contact(replicated, account)
        revision = await _renamed(replicated_api, owner, account)
        assert await count(replicated_api) == (0 if path is Path.COMPILED else 1)
        assert await count(replicated_api.at_least(revision)) == 1
    assert await count(replicated_api) == 1
