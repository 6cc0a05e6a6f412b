"""Locking the budgets that a reservation counts against (T18)."""

from sqlalchemy import and_, exists, select

from authz.guards.exclusive import Authorized
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import NAMED, in_tree, this_account
from models.base.ids import AccountId
from models.budgets.tables import budgets
from resolvers.budgets.send_check import NO_BUDGETS, Allowance, allowance_columns

_HAS_BUDGETS = FixedStatement(select(exists().where(budgets.c.master_id == NAMED.master_id)))


async def lock_allowance(session: WriteSession, account: Authorized, subscriber_id: AccountId) -> Allowance:
    """What budgets leave the account, behind the lock of its cycle.

    The budgets on its path are locked in the order of their accounts: under one cap there may be several
    subscriptions, each with a cycle of its own to lock. Most trees have no budgets and need one query.
    """
    ((has_budgets,),) = await _HAS_BUDGETS.rows(session, {"master_id": account.master_id})
    if not has_budgets:
        return NO_BUDGETS
    path = account_closure.alias()
    own = in_tree(path, budgets, ancestor_id="account_id")
    await session.execute(
        select(budgets.c.account_id)
        .join(path, own)
        .where(budgets.c.master_id == account.master_id, path.c.descendant_id == account.account_id)
        .order_by(budgets.c.account_id, budgets.c.currency)
        .with_for_update(of=budgets)
    )
    sender, subscriber = accounts.alias(), accounts.alias()
    both = and_(in_tree(subscriber, sender), subscriber.c.id == subscriber_id)
    statement = (
        select(*allowance_columns(sender, subscriber))
        .select_from(sender.join(subscriber, both))
        .where(this_account(sender, account))
    )
    return Allowance(**(await session.execute(statement)).one()._mapping)
