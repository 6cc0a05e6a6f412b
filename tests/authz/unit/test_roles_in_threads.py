"""Roles are compiled while others are: casbin's matcher is parsed once, and never on a request."""

from concurrent.futures import ThreadPoolExecutor

from authz.policy.compiler import compile_role
from authz.policy.custom_roles import compile_rights, role_rights
from authz.policy.permissions import Permission
from models.base.ids import RoleId, new_id
from tests.client.parsings import parsings

ROLE_ID = RoleId(new_id())
RIGHTS = role_rights(frozenset(Permission) - {Permission.ACCOUNT_SUSPEND}, frozenset())
_AT_ONCE = 8
_ROUNDS = 4


async def test_a_role_is_compiled_without_parsing() -> None:
    with parsings() as found:
        await compile_rights(ROLE_ID, RIGHTS)
    assert found == []


def test_threads_compile_at_once() -> None:
    """CPython 3.11 fails where two parse at once; with this many, a good part of the time."""
    lines = RIGHTS.lines(ROLE_ID)
    expected = compile_role(str(ROLE_ID), lines)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        compiling = [pool.submit(compile_role, str(ROLE_ID), lines) for _ in range(_AT_ONCE * _ROUNDS)]
    assert [each.result() for each in compiling] == [expected] * len(compiling)
