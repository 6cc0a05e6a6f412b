"""The policy as its files, as casbin, as the database and as the documentation have it: one and the same."""

import csv

import casbin
import pytest
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole, differs, synchronize
from authz.policy.compiler import POLICY_FOLDER, PolicyLine, read_policy
from authz.policy.permissions import Area, Permission
from models.roles.tables import Effect, Relation, role_policy_lines, roles
from tests.authz.cases.expectations import AS_MEMBER, FROM_ABOVE, INHERITED

EXPECTED = {Relation.MEMBER: AS_MEMBER, Relation.ANCESTOR: FROM_ABOVE, Relation.INHERITED: INHERITED}

_roles = pytest.mark.parametrize("role", list(BuiltinRole), ids=lambda role: role.name)


async def _stored(database: AsyncEngine, role: BuiltinRole) -> Row[*tuple[object, ...]]:
    async with database.connect() as connection:
        return (await connection.execute(select(roles).where(roles.c.id == role.id))).one()


def _mask(row: Row[*tuple[object, ...]], relation: Relation) -> int:
    mask = row._mapping[f"{relation.value}_mask"]
    assert isinstance(mask, int)
    return mask


def _names(mask: int) -> set[str]:
    assert mask >> len(Permission) == 0, "a bit without a permission"
    return {permission.name for permission in Permission if mask & permission.bit}


def _csv_lines() -> list[list[str]]:
    """The lines of policy.csv without casbin: comments and empty lines left out."""
    text = (POLICY_FOLDER / "policy.csv").read_text("utf-8")
    kept = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return list(csv.reader(kept, skipinitialspace=True))


@_roles
async def test_stored_masks_are_what_the_documentation_tells(
    role: BuiltinRole, database: AsyncEngine
) -> None:
    """The built-in roles by hand (R49), as a member, from above, and where all roles are passed down."""
    row = await _stored(database, role)
    assert row.name == role.name
    assert row.account_id is None
    for relation, expected in EXPECTED.items():
        assert _names(_mask(row, relation)) == expected[role], relation


@_roles
async def test_stored_masks_are_casbins_own_answers(role: BuiltinRole, database: AsyncEngine) -> None:
    """Every question that can be put about the role, to an enforcer fresh from the two files."""
    enforcer = casbin.Enforcer(str(POLICY_FOLDER / "model.conf"), str(POLICY_FOLDER / "policy.csv"))
    row = await _stored(database, role)
    for relation in Relation:
        for permission in Permission:
            asked = (role.name, relation.value, permission.area.value, permission.action)
            assert enforcer.enforce(*asked) is bool(_mask(row, relation) & permission.bit), asked


def test_every_line_is_read() -> None:
    """Without loss, in the file's order."""
    assert [["p", *line.fields()] for line in read_policy()] == _csv_lines()


async def test_every_line_is_stored(database: AsyncEngine) -> None:
    """What clients are shown as a role's policy is what casbin decided by."""
    names = {role.id: role.name for role in BuiltinRole}
    async with database.connect() as connection:
        of_built_in = role_policy_lines.c.role_id.in_(names)
        rows = (await connection.execute(select(role_policy_lines).where(of_built_in))).all()
    stored = [
        PolicyLine(names[row.role_id], Relation(row.relation), row.area, row.action, Effect(row.effect))
        for row in rows
    ]
    assert sorted(map(_sort_key, stored)) == sorted(map(_sort_key, read_policy()))


def test_every_line_means_something() -> None:
    """A role, an area or an action that does not exist would be a line that silently does nothing."""
    pairs = {(permission.area.value, permission.action) for permission in Permission}
    for line in read_policy():
        assert line.role in BuiltinRole.__members__, line
        assert line.area == "*" or line.area in Area.__members__, line
        actions = {action for area, action in pairs if line.area in ("*", area)}
        assert line.action == "*" or line.action in actions, line
    assert {line.role for line in read_policy()} == set(BuiltinRole.__members__)
    assert len(set(read_policy())) == len(read_policy()), "a line stands there twice"


async def test_a_role_that_differs_is_noticed_and_mended(database: AsyncEngine) -> None:
    """`mandant migrate` brings the rows in line; until then `/readyz` says so."""
    async with database.connect() as connection:
        transaction = await connection.begin()
        assert not await connection.run_sync(differs)
        analyst = roles.c.id == BuiltinRole.ANALYST.id
        await connection.execute(update(roles).where(analyst).values(member_mask=-1))
        assert await connection.run_sync(differs)
        await connection.run_sync(synchronize)
        assert not await connection.run_sync(differs)
        await transaction.rollback()


def _sort_key(line: PolicyLine) -> tuple[str, ...]:
    return tuple(line.fields())
