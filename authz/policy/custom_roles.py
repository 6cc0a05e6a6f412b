"""What a custom role gives: lines of casbin's policy, and the masks that casbin compiles from them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import delete, insert

from authz.policy.compiler import PolicyLine, RoleMasks, compile_role
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import RoleId
from models.roles.tables import Effect, Relation, role_policy_lines

# One thread, however many roles are written at once: it is all that the event loop shares its core with.
_COMPILING = ThreadPoolExecutor(1, thread_name_prefix="policy")

NOTHING = RoleMasks(0, 0, 0)
"""What a deleted role gives."""


MOST_LINES = 2 * len(Permission)
"""Of one role: a permission has a line for the account, and one for those below it."""


@dataclass(frozen=True)
class RoleRights:
    """What a role's holder may do in the account where the role is held, and in every account below it."""

    permissions: frozenset[Permission]
    permissions_below: frozenset[Permission]

    def lines(self, role_id: RoleId) -> list[PolicyLine]:
        """The policy's lines, one for each permission: `*` would also give permissions that come later.

        Where all roles are passed down, the role gives below what it gives in the account (R66, R73).
        """
        given = {
            Relation.MEMBER: self.permissions,
            Relation.ANCESTOR: self.permissions_below,
            Relation.INHERITED: self.permissions - self.permissions_below,  # the model adds the ancestor's
        }
        return [
            PolicyLine(str(role_id), relation, permission.area.value, permission.action, Effect.ALLOW)
            for relation, permissions in given.items()
            for permission in sorted(permissions, key=lambda permission: permission.value)
        ]


def role_rights(permissions: frozenset[Permission], permissions_below: frozenset[Permission]) -> RoleRights:
    """These rights, with ACCOUNT_READ beside any other: without it the account is not visible.

    Raises BAD_USER_INPUT for a role that gives nothing, and for one that lets an account suspend itself.
    """
    if not permissions and not permissions_below:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The role gives nothing.", "permissions")
    if Permission.ACCOUNT_SUSPEND in permissions:
        message = "ACCOUNT_SUSPEND can only be held from an account above."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    return RoleRights(with_account_read(permissions), with_account_read(permissions_below))


async def compile_rights(role_id: RoleId, rights: RoleRights) -> RoleMasks:
    """The role's masks. casbin runs in a thread: many lines take it a tenth of a second."""
    compiling = asyncio.get_running_loop().run_in_executor
    return await compiling(_COMPILING, compile_role, str(role_id), rights.lines(role_id))


async def write_lines(session: WriteSession, role_id: RoleId, lines: list[PolicyLine]) -> None:
    """Replace the role's lines by these."""
    await session.send_built(delete(role_policy_lines).where(role_policy_lines.c.role_id == role_id))
    await session.execute_each(insert(role_policy_lines), [line.row(role_id) for line in lines])


def with_account_read(permissions: frozenset[Permission]) -> frozenset[Permission]:
    """The permissions, with ACCOUNT_READ if there is any."""
    return permissions | {Permission.ACCOUNT_READ} if permissions else permissions
