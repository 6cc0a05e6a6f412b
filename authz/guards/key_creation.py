"""Where in a tree API keys are created."""

import datetime

from sqlalchemy import ColumnElement, FromClause, case, exists, or_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission, allows
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.ends import FOREVER, end_at
from authz.reach.reach import GRANTS
from engine.writes.sessions import WriteSession
from models.accounts.tables import ApiKeyCreationPlace, accounts
from models.accounts.trees import in_tree


async def check_key_creation(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    until: datetime.datetime | None = None,
) -> None:
    """Raise MASTER_ACCOUNT_REQUIRED where only the master account makes keys, and the caller does not hold
    API_KEYS_WRITE by a grant there until the key's end.

    The account is locked, and so is the master account: the setting stays until the write ends.
    """
    statement = select(keys_are_made_by(GRANTS, accounts, end_at(until))).where(
        accounts.c.master_id == account.master_id, accounts.c.id == account.account_id
    )
    if not (await session.execute(statement, principal.credentials.binds)).scalar_one():
        raise Refusal(RefusalCode.MASTER_ACCOUNT_REQUIRED)


def keys_are_made_by(
    grants: FromClause, account: FromClause, until: ColumnElement[datetime.datetime] = FOREVER
) -> ColumnElement[bool]:
    """Whether the tree's master account lets the holder of these grants make keys in the account that end at
    `until`."""
    master = accounts.alias("key_master")
    in_master = account.c.id == account.c.master_id
    anywhere = exists(
        select(master.c.id).where(
            in_tree(master, account, id="master_id"),
            master.c.api_key_creation == ApiKeyCreationPlace.ANYWHERE.value,
        )
    )
    from_master = exists(
        select(grants.c.account_id).where(
            in_tree(grants, account, account_id="master_id"),
            grants.c.ends_at >= until,
            allows(
                case((in_master, grants.c.own_mask), else_=grants.c.below_mask), Permission.API_KEYS_WRITE
            ),
        )
    )
    return or_(anywhere, from_master)
