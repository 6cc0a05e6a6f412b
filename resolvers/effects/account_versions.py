"""The version of an account: of its own row, and of what is kept once for each account.

Its plan, its budgets, its rule for top-ups, its billing and its link are read with it: whoever updates them
says which version of the account was read, whether they are there already or not.
"""

from sqlalchemy import ColumnElement, select, update

from authz.guards.exclusive import Authorized
from authz.policy.refusals import VersionConflict
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import this_account


async def check_version(session: WriteSession, account: Authorized, expected: int) -> None:
    """Raise VersionConflict where the account was changed since it was read. No other write must be able to
    come in between: the account, or one above it, is locked for update."""
    current = (await session.execute(select(accounts.c.version).where(_is(account)))).scalar_one()
    if current != expected:
        raise VersionConflict(current)


async def raise_version(session: WriteSession, account: Authorized) -> None:
    """Tell whoever has read the account that something of it was changed."""
    await session.execute(update(accounts).where(_is(account)).values(version=accounts.c.version + 1))


def _is(account: Authorized) -> ColumnElement[bool]:
    return this_account(accounts, account)
