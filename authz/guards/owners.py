"""Whether the caller owns an account, or one above it: who may consent to what takes a protection away."""

from sqlalchemy import exists, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.grants import membership_holds
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.ids import UserId
from models.members.tables import memberships


async def owner_at_or_above(session: WriteSession, principal: Principal, account: Authorized) -> UserId:
    """The caller, who owns the account or one above it. The account is locked. Raises OWNER_REQUIRED."""
    path = account_closure.alias()
    owns = exists(
        select(memberships.c.id)
        .join(path, in_tree(path, memberships, ancestor_id="account_id"))
        .where(
            path.c.master_id == account.master_id,
            path.c.descendant_id == account.account_id,
            memberships.c.user_id == principal.user_id,
            memberships.c.role_id == BuiltinRole.OWNER.id,
            membership_holds(),
        )
    )
    if principal.user_id is None or not (await session.execute(select(owns))).scalar_one():
        raise Refusal(RefusalCode.OWNER_REQUIRED)
    return principal.user_id
