"""Who pays for what is decided about an account, and that they agree to it (R28, R43, R55, R60).

Whatever lands on an account's invoice, is taken from its credit, or counts against a cap that it set needs
the consent of that account: of whoever holds the permission there. All payers stand on the path above the
account, which is locked, so that they stay who they are until the write is done.
"""

import enum
from collections.abc import Sequence
from typing import Any

from sqlalchemy import FromClause, Select, and_, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, Effect, authorize_also
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.tables import account_closure, accounts
from models.base.ids import AccountId
from models.budgets.tables import BudgetCurrency, budgets
from models.credit.pools import nearest_pool
from resolvers.billing.invoiced_account import EVER, billed_id


class Payer(enum.Enum):
    """Whose consent is asked for, beside that of the account itself."""

    POOL = "POOL"
    """Whose credit the account spends: it pays for sends beyond the plan's."""
    POOL_ABOVE = "POOL_ABOVE"
    """Whose credit it spends, or would spend, if it had none of its own."""
    BILLED = "BILLED"
    """On whose invoice the account is: it pays for plans and for contacts that are bought."""
    BILLED_ABOVE = "BILLED_ABOVE"
    """On whose invoice it is, or would be, if it had none of its own."""
    PARENT = "PARENT"
    """The account directly above: it sets its budgets."""
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
"""How it is told that one of them was not asked."""

WHO_PAYS_FOR_A_PLAN = (Payer.POOL, Payer.BILLED)
"""The one pays for sends beyond it, the other for the plan itself and for more contacts."""


async def authorize_payers(
    session: WriteSession,
    principal: Principal,
    account: Authorized,
    permission: Permission,
    payers: Sequence[Payer],
    effect: Effect = Effect.CHANGES,
) -> list[Authorized]:
    """Those of them there are, each with the permission; the path down to the account is locked.

    Raises POOL_ACCOUNT_REQUIRED, BILLED_ACCOUNT_REQUIRED or PARENT_ACCOUNT_REQUIRED, by who of them was not
    asked. An account that pays for itself asks nobody else.
    """
    return [
        await _authorize_one(session, principal, AccountId(payer_id), permission, effect, REFUSALS[payer])
        for payer in payers
        for payer_id in (await session.execute(_ids(payer, account))).scalars().all()
    ]


async def _authorize_one(
    session: WriteSession,
    principal: Principal,
    payer_id: AccountId,
    permission: Permission,
    effect: Effect,
    code: RefusalCode,
) -> Authorized:
    try:
        return await authorize_also(session, principal, payer_id, permission, effect)
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
    return found[payer].where(own.c.master_id == account.master_id, own.c.id == account.account_id)


def _with_parent(own: FromClause, parent: FromClause) -> FromClause:
    above = and_(parent.c.master_id == own.c.master_id, parent.c.id == own.c.parent_id)
    return own.join(parent, above)


def _capping(own: FromClause) -> Select[Any]:
    """Whoever limits the sends of the account, or of one above it."""
    path, capped = account_closure.alias(), accounts.alias()
    below = and_(path.c.master_id == own.c.master_id, path.c.descendant_id == own.c.id)
    limited = and_(
        budgets.c.master_id == path.c.master_id,
        budgets.c.account_id == path.c.ancestor_id,
        budgets.c.currency == BudgetCurrency.SENDS.value,
        budgets.c.cap.is_not(None),
    )
    same = and_(capped.c.master_id == path.c.master_id, capped.c.id == path.c.ancestor_id)
    return select(capped.c.parent_id).select_from(
        own.join(path, below).join(budgets, limited).join(capped, same)
    )
