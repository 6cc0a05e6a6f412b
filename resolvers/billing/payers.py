"""Payers: whose consent a change needs because they pay for it (R28, R43, R55, R60).

What appears on an account's invoice, uses its credit, or counts against a cap that it set needs its consent:
the caller must hold the permission there too. All payers are above the account on its path, which is locked,
so that they stay the same until the write is done.
"""

import enum
from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, Select, and_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_also
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree, this_account
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency, budgets
from models.credit.pools import nearest_pool
from resolvers.billing.invoiced_account import EVER, billed_id


class Payer(enum.Enum):
    """Whose consent is needed beside that of the account itself."""

    POOL = "POOL"
    """The account whose credit is spent: it pays for sends beyond the plan."""
    POOL_ABOVE = "POOL_ABOVE"
    """The account whose credit would be spent if the account had no own balance."""
    BILLED = "BILLED"
    """The account that is invoiced: it pays for plans and for bought contacts."""
    BILLED_ABOVE = "BILLED_ABOVE"
    """The account that would be invoiced if the account had no invoices of its own."""
    PARENT = "PARENT"
    """The account directly above, which sets the budgets."""
    CAPPING = "CAPPING"
    """The account above each one on the path whose sends have a cap."""


REFUSALS = {
    Payer.POOL: RefusalCode.POOL_ACCOUNT_REQUIRED,
    Payer.POOL_ABOVE: RefusalCode.POOL_ACCOUNT_REQUIRED,
    Payer.BILLED: RefusalCode.BILLED_ACCOUNT_REQUIRED,
    Payer.BILLED_ABOVE: RefusalCode.BILLED_ACCOUNT_REQUIRED,
    Payer.PARENT: RefusalCode.PARENT_ACCOUNT_REQUIRED,
    Payer.CAPPING: RefusalCode.PARENT_ACCOUNT_REQUIRED,
}
"""The refusal where the caller lacks the permission in one of them."""

WHO_PAYS_FOR_A_PLAN = (Payer.POOL, Payer.BILLED)
"""The pool pays for sends beyond it, the invoiced account for the plan and for bought contacts."""


async def authorize_payers(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    permission: Permission,
    payers: Sequence[Payer],
    write_kind: WriteKind = WriteKind.CHANGES,
) -> list[Authorized]:
    """The payers, with the permission in each. The path down to the account is locked.

    Raises POOL_ACCOUNT_REQUIRED, BILLED_ACCOUNT_REQUIRED or PARENT_ACCOUNT_REQUIRED. An account that pays for
    itself needs no other consent.
    """
    return [
        await _authorize_one(session, principal, AccountId(payer_id), permission, write_kind, REFUSALS[payer])
        for payer in payers
        for payer_id in (await session.execute(_ids(payer, account))).scalars().all()
    ]


async def _authorize_one(
    session: WriteSession,
    principal: Principal,
    payer_id: AccountId,
    permission: Permission,
    write_kind: WriteKind,
    code: RefusalCode,
) -> Authorized:
    try:
        return await authorize_also(session, principal, payer_id, permission, write_kind)
    except (NotFound, PermissionDenied) as refusal:
        raise Refusal(code) from refusal


def _ids(payer: Payer, account: Authorized) -> Select[Any]:
    own, parent = accounts.alias(), accounts.alias()
    found: dict[Payer, Select[Any]] = {
        Payer.POOL: select(nearest_pool(own)),
        Payer.BILLED: select(billed_id(own, EVER)),
        Payer.POOL_ABOVE: select(nearest_pool(parent)).select_from(_with_parent(own, parent)),
        Payer.BILLED_ABOVE: select(billed_id(parent, EVER)).select_from(_with_parent(own, parent)),
        Payer.PARENT: select(own.c.parent_id),
        Payer.CAPPING: _capping(own),
    }
    return found[payer].where(this_account(own, account))


def _with_parent(own: FromClause, parent: FromClause) -> FromClause:
    above = in_tree(parent, own, id="parent_id")
    return own.join(parent, above)


def _capping(own: FromClause) -> Select[Any]:
    """The accounts that limit the sends of the account, or of one above it."""
    path, capped = account_closure.alias(), accounts.alias()
    below = in_tree(path, own, descendant_id="id")
    limited = and_(
        in_tree(budgets, path, account_id="ancestor_id"),
        budgets.c.currency == BudgetCurrency.SENDS.value,
        budgets.c.cap.is_not(None),
    )
    same = in_tree(capped, path, id="ancestor_id")
    return select(capped.c.parent_id).select_from(
        own.join(path, below).join(budgets, limited).join(capped, same)
    )
