"""The version of an account. It covers the account's own row and what is stored once per account: its plan,
budgets, top-up rule, billing and parent access.

An update of any of these states which version of the account was read.
"""

from sqlalchemy import update

from authz.guards.exclusive import Authorized
from authz.policy.refusals import VersionConflict
from engine.writes.sessions import WriteSession
from models.accounts.tables import accounts
from models.accounts.trees import this_account


def check_version(account: Authorized, expected: int) -> None:
    """Raise VersionConflict if the account changed since it was read. The caller holds a lock for update on
    the account, or on one above it, so that no other write comes in between."""
    if account.stored.version != expected:
        raise VersionConflict(account.stored.version)


async def raise_version(session: WriteSession, account: Authorized) -> None:
    """Raise the account's version, so that updates based on an earlier read are refused."""
    await session.send_built(
        update(accounts).where(this_account(accounts, account)).values(version=accounts.c.version + 1)
    )
