"""Whoever loses access can always be made to: every mutation in accounts that are not active."""

import pytest
from graphql import GraphQLField, GraphQLInputObjectType, get_named_type
from sqlalchemy import select
from starlette.applications import Starlette

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.base.ids import new_id
from models.people.users import ownerships
from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields
from tests.authz.escalation.statuses import Inactive, Row, mutation_of
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.mutations import ROLE_IDS, code_of, done
from tests.client.places import new_place
from tests.client.schema import SCHEMA
from tests.world.oracles import told_by_areas
from tests.world.shares import Given, give_share
from tests.world.world import World

STATUSES: dict[str, Row] = told_by_areas("STATUSES")


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all mutations."""
    return await Stage.of(registry)


def test_every_mutation_has_a_row() -> None:
    """A new one is thought through: does it only take away?"""
    assert {mutation_of(label) for label in STATUSES} == set(root_fields(SCHEMA.mutation_type))


@pytest.mark.parametrize("label", one_in(5, STATUSES))
async def test_mutation(label: str, stage: Stage, app: Starlette) -> None:
    """Done or refused as the table says; a refusal leaves no trace."""
    name, row = mutation_of(label), STATUSES[label]
    found, changed = {}, {}
    for place in Inactive:
        inactive = stage.parent if place is Inactive.BELOW_SUSPENDED else stage.account
        for caller in row.callers:
            values = await row.prepared_for(name)(stage)
            await stage.world.set_status(inactive, place.status)
            before = await stage.state()
            async with Api.of(app, new_place()) as api:
                key = place, caller
                found[key] = outcome(await mutate(api, name, stage.callers[caller], values), name)
            changed[key] = await stage.state() != before
            await stage.world.set_status(stage.parent, AccountStatus.ACTIVE)
            await stage.reopen()
            if found[key] == DONE:
                await MUTATIONS[name].restore(stage, caller)
    assert found == {(place, caller): row.outcomes[place] for place in Inactive for caller in row.callers}
    changes_in = {place: row.outcomes[place] == DONE and place not in row.unchanged for place in Inactive}
    assert changed == {(place, caller): changes_in[place] for place in Inactive for caller in row.callers}


def _takes_a_key(field: GraphQLField) -> bool:
    input_type = get_named_type(field.args["input"].type) if "input" in field.args else None
    return isinstance(input_type, GraphQLInputObjectType) and "idempotencyKey" in input_type.fields


REPEATED = [name for name, field in root_fields(SCHEMA.mutation_type).items() if _takes_a_key(field)]


@pytest.mark.parametrize("name", REPEATED)
async def test_what_was_done_is_answered_again_in_any_status(name: str, stage: Stage, app: Starlette) -> None:
    """A client whose answer was lost learns what it has done."""
    caller = STATUSES[name].callers[-1]
    values = (await MUTATIONS[name].prepare(stage) or {}) | {"idempotencyKey": new_id().hex}
    async with Api.of(app, new_place()) as api:
        first = await mutate(api, name, stage.callers[caller], values)
        assert (outcome(first, name), first.data[name]["replayed"]) == (DONE, False)
        for place in Inactive:
            inactive = stage.parent if place is Inactive.BELOW_SUSPENDED else stage.account
            await stage.world.set_status(inactive, place.status)
            before = await stage.state()
            again = await mutate(api, name, stage.callers[caller], values)
            assert (outcome(again, name), again.data[name]["replayed"]) == (DONE, True)
            assert await stage.state() == before
            await stage.world.set_status(stage.parent, AccountStatus.ACTIVE)
            await stage.reopen()
    await MUTATIONS[name].restore(stage, caller)


async def test_who_lost_the_right_is_not_answered_again(api: Api, world: World) -> None:
    """Neither in an active account nor in a suspended one."""
    account = await world.account(await world.account())
    owner = await world.member(account, BuiltinRole.OWNER)
    member = await world.member(account, BuiltinRole.ADMINISTRATOR)
    role = {"accountId": account.id, "email": "offer@example.com", "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    offer = role | {"idempotencyKey": "1"}
    await done(api, "memberInvite", member, **offer)
    lesser = {"memberId": member.id, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    await done(api, "memberUpdate", owner, **lesser)
    for status in (AccountStatus.ACTIVE, AccountStatus.SUSPENDED):
        await world.set_status(account, status)
        assert await code_of(api, "memberInvite", member, **offer) == "FORBIDDEN"


async def test_a_leaked_key_is_revoked_where_all_is_suspended(api: Api, world: World) -> None:
    """It goes on reading until then, also where the account above is the suspended one."""
    main = await world.account()
    branch = await world.account(main)
    owner = await world.member(branch, BuiltinRole.OWNER)
    above = await world.member(main, BuiltinRole.ADMINISTRATOR)
    await world.set_status(main, AccountStatus.SUSPENDED)
    for caller in (owner, above):
        leaked = await world.api_key(branch)
        seen = "query ($id: ID!) { account(id: $id) { id } }"
        assert (await api.read(seen, leaked, id=branch.id))["account"]
        await done(api, "apiKeyRevoke", caller, apiKeyId=leaked.id)
        assert (await api.ask(seen, leaked, id=branch.id)).status == 401


async def test_a_role_of_a_closed_account_is_freed_and_deleted(api: Api, world: World) -> None:
    """Whatever uses it is taken away first: members, keys and shares; closing withdrew the invitations."""
    main = await world.account()
    branch = await world.account(main)
    above = await world.member(main, BuiltinRole.OWNER)
    owner = await world.member(branch, BuiltinRole.OWNER)
    role = await world.role(branch)
    member, key = await world.member(branch, role), await world.api_key(branch, role)
    share = await give_share(world, [branch], await world.person(), owner.person, Given(role))
    offer = {"accountId": branch.id, "email": "offer@example.com", "roleId": role.id, "idempotencyKey": "1"}
    await done(api, "memberInvite", owner, **offer)
    await done(api, "accountClose", owner, accountId=branch.id)
    ends = [
        ("memberRemove", {"memberId": member.id}),
        ("apiKeyRevoke", {"apiKeyId": key.id}),
        ("shareRevoke", {"shareId": share.id}),
    ]
    for mutation, values in ends:
        assert await code_of(api, "roleDelete", owner, roleId=role.id) == "ROLE_IN_USE"
        await done(api, mutation, above, **values)
    await done(api, "roleDelete", owner, roleId=role.id)


async def test_the_last_owner_leaves_a_closed_account(api: Api, world: World) -> None:
    """And goes on owning the account that was made since."""
    closed, own = await world.account(), await world.account()
    owner = await world.member(closed, BuiltinRole.OWNER)
    await done(api, "accountClose", owner, accountId=closed.id)
    await world.member(own, BuiltinRole.OWNER, owner.person)
    await done(api, "memberLeave", owner, accountId=closed.id)
    before = await world.state(own, closed)
    assert await code_of(api, "memberLeave", owner, accountId=own.id) == "LAST_OWNER"
    assert await world.state(own, closed) == before
    query = "{ viewer { accounts { nodes { id } } } }"
    assert (await api.read(query, owner))["viewer"]["accounts"]["nodes"] == [{"id": own.id}]
    async with world.database.connect() as connection:
        owned = select(ownerships.c.account_id).where(ownerships.c.user_id == owner.person.key)
        assert (await connection.execute(owned)).scalars().all() == [own.key]
