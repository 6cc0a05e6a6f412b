"""Balances of their own and pools, entries of every kind, top-ups of every status."""

from models.credit.tables import BalanceKind
from models.payments.tables import TopUpStatus
from tests.world.credit import (
    EURO,
    give_credit,
    give_payment_method,
    give_top_up,
    give_top_up_rule,
    move_credit,
    own_balances,
    transaction_of,
)
from tests.world.world import Account, World


async def make_money(
    world: World, master: Account, own: tuple[Account, ...], others: tuple[Account, ...]
) -> list[str]:
    """Credit in a tree's master account and in those below it that get balances of their `own`: each of the
    first two stands below the one before it. Some in `others` too. The ids of all that was made."""
    await own_balances(world, *own)
    found = []
    for account in (master, *own, *others):
        await give_credit(world, account, 2**53 + 7)
        found.append(await transaction_of(world, account))
    for source, target in ((master, own[0]), (own[0], own[1])):
        memos = ((1, None), (EURO, '"May" \\ 🦊'))
        found += [await move_credit(world, source, target, amount, memo) for amount, memo in memos]
    found.append(await move_credit(world, own[0], own[0], 5, None, BalanceKind.RESERVED))
    for account in (master, own[0], *others):
        method = await give_payment_method(world, account)
        await give_top_up_rule(world, account, method)
        found.append(method.id)
        statuses = (TopUpStatus.DECLINED, TopUpStatus.PENDING)
        found += [await give_top_up(world, account, status) for status in statuses]
    return found
