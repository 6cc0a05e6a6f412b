"""The access matrix: every person and key of an account with what it may do there."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import GIVES_ACCESS
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from tests.areas.narrowed_tokens.narrowing import Narrowed, narrow
from tests.authz.cases.moments import expire_key, expire_member, made_by, revoke_key
from tests.authz.escalation.forests import Plot, plant, plots
from tests.authz.escalation.profiles import examples
from tests.authz.matrix.casbin_cells import casbin_cells
from tests.authz.matrix.matrices import matrix_of
from tests.client.api import Api, Caller
from tests.client.mutations import done
from tests.client.places import new_place
from tests.engine.paths import Path
from tests.world.shares import Given, give_share
from tests.world.world import Account, ApiKey, World

_GIVES_ACCESS = {permission.name for permission in GIVES_ACCESS}
_RIGHTS = "{ viewer { accounts(first: 100) { nodes { id viewerPermissions } } } }"
_LISTED = "query ($id: ID!) { account(id: $id) { accessMatrix { totalCount nodes { kind name } } } }"


@examples(10)
@given(plot=plots())
async def test_every_cell_is_what_casbin_says(plot: Plot, api: Api, registry: World) -> None:
    """In every account of random trees: of everybody with a right there, and of nobody else."""
    planted = await plant(registry, plot)
    watcher = await registry.person()
    for account in planted.accounts:
        # In each by itself: a link may let nothing of it pass.
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    found = await matrix_of(api, watcher, planted.accounts)
    assert found.held == await casbin_cells(registry.database, planted.accounts)


@examples(5)
@given(plot=plots(), data=st.data())
async def test_every_cell_of_a_narrowed_token_is_what_casbin_says_and_what_the_token_may(
    plot: Plot, data: st.DataObject, app: Starlette, registry: World
) -> None:
    """In random trees: of tokens of all people and keys that reach something, and of tokens of these."""
    planted = await plant(registry, plot)
    watcher = await registry.person()
    for account in planted.accounts:
        await registry.member(account, BuiltinRole.ADMINISTRATOR, watcher)
    async with Api.of(app, new_place()) as api:
        tokens: list[Narrowed] = []
        for caller, _ in planted.callers:
            tokens += await _narrow(api, caller, planted.accounts, data)
        revokes: bool = data.draw(st.booleans())
        if tokens and revokes:
            ended = data.draw(st.sampled_from(tokens))
            await done(api, "tokenRevoke", ended, narrowedTokenId=ended.id)
        matrix = await matrix_of(api, watcher, planted.accounts)
        assert matrix.held == await casbin_cells(registry.database, planted.accounts)
        for token in tokens:
            cells = {
                place.account_id: held for place, held in matrix.held.items() if place.subject_id == token.id
            }
            assert await _rights(api, token) == cells


async def _narrow(
    api: Api, caller: Caller, accounts: Sequence[Account], data: st.DataObject
) -> list[Narrowed]:
    """A token of some accounts and some of what the caller may do in all of them, and one of that token;
    none, if the caller reaches nothing, or by break-glass alone."""
    held = await _rights(api, caller)
    reached = [account for account in accounts if account.id in held]
    if not reached:
        return []
    named = data.draw(st.lists(st.sampled_from(reached), min_size=1, max_size=3, unique=True))
    most = frozenset.intersection(*(held[account.id] for account in named)) - _GIVES_ACCESS
    wanted = data.draw(st.just(most) | st.frozensets(st.sampled_from(sorted(most)), min_size=1))
    made = await narrow(api, caller, named, wanted)
    if not made.done:
        assert made.code == "FORBIDDEN"
        return []
    token = Narrowed(made.payload["token"], made.payload["narrowedToken"]["id"])
    again = data.draw(st.booleans())
    return [token, *(await _narrow(api, token, accounts, data) if again else ())]


async def _rights(api: Api, caller: Caller) -> dict[str, frozenset[str]]:
    """What the caller may do, by the ids of the accounts within its reach; nothing for one who is not
    accepted."""
    nodes = ((await api.ask(_RIGHTS, caller)).data or {"viewer": {"accounts": {"nodes": ()}}})["viewer"]
    return {node["id"]: frozenset(node["viewerPermissions"]) for node in nodes["accounts"]["nodes"]}


@pytest.mark.parametrize("path", Path)
@pytest.mark.parametrize(
    ("permissions", "listed"),
    [
        ("ACCOUNT_READ MEMBERS_READ API_KEYS_READ", {"Ann", "Bot", "Gus", "Key above", "Viv"}),
        ("ACCOUNT_READ MEMBERS_READ", {"Ann", "Gus", "Viv"}),
        ("ACCOUNT_READ API_KEYS_READ", {"Bot", "Key above"}),
        ("ACCOUNT_READ", set()),
    ],
)
async def test_people_and_keys_are_listed_to_who_may_see_them(
    permissions: str, listed: set[str], path: Path, api: Api, world: World
) -> None:
    """The hidden ones are not counted either (R23, T31)."""
    master = await world.account()
    account = await world.account(master)
    ann = (await world.member(master, BuiltinRole.ADMINISTRATOR, await world.person("Ann"))).person
    await _named(world, await world.api_key(master), "Key above")
    await _named(world, await world.api_key(account, BuiltinRole.ANALYST), "Bot")
    await give_share(world, [account], await world.person("Gus"), ann, Given())
    viewer = await world.person("Viv")
    await world.member(account, await world.role(account, permissions), viewer)
    page = (await api.read(path.of(_LISTED), viewer, id=account.id))["account"]["accessMatrix"]
    assert {node["name"] for node in page["nodes"]} == listed
    assert page["totalCount"] == len(listed)


async def test_a_key_of_an_account_above_is_named_and_not_shown(api: Api, world: World) -> None:
    """Its name and rights are told (R54), the key itself belongs to the account above."""
    master = await world.account()
    account = await world.account(master)
    above, own = await world.api_key(master), await world.api_key(account)
    viewer = await world.member(account, BuiltinRole.ADMINISTRATOR)
    query = """query ($id: ID!) { account(id: $id) { accessMatrix {
      nodes { subjectId kind user { id } apiKey { id } } } } }"""
    nodes = (await api.read(query, viewer, id=account.id))["account"]["accessMatrix"]["nodes"]
    shown = {node["subjectId"]: (node["kind"], node["user"], node["apiKey"]) for node in nodes}
    assert shown == {
        above.id: ("API_KEY", None, None),
        own.id: ("API_KEY", None, {"id": own.id}),
        viewer.person.id: ("PERSON", {"id": viewer.person.id}, None),
    }


async def test_what_has_ended_is_not_listed(api: Api, world: World, database: AsyncEngine) -> None:
    """Memberships and keys that expired, keys that were revoked, and one that stopped without its creator."""
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    member, creator = [await world.member(account, BuiltinRole.ADMINISTRATOR) for _ in range(2)]
    expired, revoked, stopping, lasting = [await world.api_key(account) for _ in range(4)]
    await made_by(database, stopping, creator.person, WhenMakerLosesAccess.STOP)
    subjects = {owner.person.id, member.person.id, creator.person.id}
    everything = subjects | {expired.id, revoked.id, stopping.id, lasting.id}
    assert await _subjects(api, owner, account) == everything
    await expire_member(database, member)
    await expire_member(database, creator)
    await expire_key(database, expired)
    await revoke_key(database, revoked)
    assert await _subjects(api, owner, account) == {owner.person.id, lasting.id}


async def _subjects(api: Api, viewer: Caller, account: Account) -> set[str]:
    return set((await matrix_of(api, viewer, [account])).names)


async def _named(world: World, key: ApiKey, name: str) -> None:
    async with world.database.begin() as connection:
        await connection.execute(update(api_keys).where(api_keys.c.id == key.key).values(name=name))
