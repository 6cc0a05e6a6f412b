"""Roles are compiled while others are: casbin's matcher is parsed once, and never on a request."""

import sys
from concurrent.futures import ThreadPoolExecutor

from authz.custom_roles import compile_rights, role_rights
from authz.permissions import Permission
from authz.policy_compiler import compile_role
from models.identifiers import RoleId, new_id

ROLE_ID = RoleId(new_id())
RIGHTS = role_rights(frozenset(Permission) - {Permission.ACCOUNT_SUSPEND}, frozenset())
_AT_ONCE = 8
_ROUNDS = 4


class Parsings:
    """Counts, while it is on, what Python compiles or parses. An audit hook stays for the process's life."""

    def __init__(self) -> None:
        self.on = False
        self.sources: list[object] = []
        sys.addaudithook(self._see)

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and event == "compile":
            self.sources.append(arguments[0])


async def test_a_role_is_compiled_without_parsing() -> None:
    parsings = Parsings()
    parsings.on = True
    await compile_rights(ROLE_ID, RIGHTS)
    parsings.on = False
    assert parsings.sources == []


def test_threads_compile_at_once() -> None:
    """CPython 3.11 fails where two parse at once; with this many, a good part of the time."""
    lines = RIGHTS.lines(ROLE_ID)
    expected = compile_role(str(ROLE_ID), lines)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        compiling = [pool.submit(compile_role, str(ROLE_ID), lines) for _ in range(_AT_ONCE * _ROUNDS)]
    assert [each.result() for each in compiling] == [expected] * len(compiling)
