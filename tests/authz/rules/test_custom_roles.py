"""Custom roles: what is stored of them is what casbin decides, and who sees them sees them everywhere."""

import casbin
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.compiler import POLICY_FOLDER
from authz.policy.permissions import Permission
from models.base.ids import Kind, parse
from models.roles.tables import Relation, role_policy_lines, roles
from tests.authz.cases.expectations import EVERYTHING
from tests.authz.escalation.forests import Plot, plant, plots
from tests.authz.escalation.gang_roles import role_input
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.profiles import examples
from tests.authz.escalation.reach_model import CustomRights
from tests.authz.matrix.matrix_callers import once
from tests.client.api import Api, Caller
from tests.world.world import World

_ANY = st.frozensets(st.sampled_from(sorted(EVERYTHING)), max_size=12)
_rights = st.builds(
    CustomRights, _ANY.map(lambda permissions: permissions - {"ACCOUNT_SUSPEND"}), _ANY
).filter(lambda rights: bool(rights.permissions | rights.below))


@examples(10)
@given(first=_rights, second=_rights)
async def test_masks_are_casbins_answers_to_the_stored_lines(
    first: CustomRights, second: CustomRights, api: Api, registry: World, database: AsyncEngine
) -> None:
    """As made and as changed: a fresh enforcer over the stored lines, the masks, and the input agree."""
    main = await registry.account()
    account = await registry.account(main)
    administrator = await registry.member(main, BuiltinRole.ADMINISTRATOR)
    new = {"accountId": account.id, "name": once()}
    answer = await mutate(api, "roleCreate", administrator, new | role_input(first))
    assert outcome(answer, "roleCreate") == DONE
    role_id = answer.data["roleCreate"]["role"]["id"]
    await _assert_compiled(database, role_id, first)
    change = {"roleId": role_id, "expectedVersion": 1} | role_input(second)
    assert outcome(await mutate(api, "roleUpdate", administrator, change), "roleUpdate") == DONE
    await _assert_compiled(database, role_id, second)


async def _assert_compiled(database: AsyncEngine, role_id: str, rights: CustomRights) -> None:
    here, below = (
        given | {"ACCOUNT_READ"} if given else given for given in (rights.permissions, rights.below)
    )
    expected = {Relation.MEMBER: here, Relation.ANCESTOR: below, Relation.INHERITED: here | below}
    key = parse(Kind.ROLE, role_id)
    async with database.connect() as connection:
        role = (await connection.execute(select(roles).where(roles.c.id == key))).one()
        of_role = select(role_policy_lines).where(role_policy_lines.c.role_id == key)
        lines = (await connection.execute(of_role)).all()
    enforcer = casbin.Enforcer(str(POLICY_FOLDER / "model.conf"))
    enforcer.add_policies([["it", *line[1:]] for line in lines])
    for relation, names in expected.items():
        mask = role._mapping[f"{relation.value}_mask"]
        assert {permission.name for permission in Permission if mask & permission.bit} == names
        answers = {
            permission.name
            for permission in Permission
            if enforcer.enforce("it", relation.value, permission.area.value, permission.action)
        }
        assert answers == names


_LISTS = """{ viewer { accounts(first: 100) { nodes { viewerPermissions roles(first: 100) {
  totalCount nodes { id } } } } } }"""
_NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@examples(15)
@given(plot=plots())
async def test_a_role_is_a_node_for_who_finds_it_in_a_list(
    plot: Plot, api: Api, registry: World, database: AsyncEngine
) -> None:
    """Neither more nor less, for every viewer of random trees (N20, T31)."""
    planted = await plant(registry, plot)
    masters = {account.master for account in planted.accounts}
    statement = select(roles.c.id).where(roles.c.master_id.in_(masters))
    async with database.connect() as connection:
        ids = [f"{Kind.ROLE}_{row.id}" for row in await connection.execute(statement)]
    ids += [f"{Kind.ROLE}_{role.id}" for role in BuiltinRole]
    built_in = set(ids[-len(BuiltinRole) :])
    for caller, _ in planted.callers:
        nodes = (await api.read(_NODES, caller, ids=ids))["nodes"]
        assert {node["id"] for node in nodes if node} == await _in_lists(api, caller) | built_in


async def _in_lists(api: Api, caller: Caller) -> set[str]:
    answer = await api.ask(_LISTS, caller)
    assert {*answer.codes} <= {"FORBIDDEN"}
    found: set[str] = set()
    for account in answer.data["viewer"]["accounts"]["nodes"]:
        assert (account["roles"] is not None) == ("ROLES_READ" in account["viewerPermissions"])
        if account["roles"] is not None:
            assert account["roles"]["totalCount"] == len(account["roles"]["nodes"])
            found |= {role["id"] for role in account["roles"]["nodes"]}
    return found
