"""Adding and removing payment methods: references at the payment provider."""

from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from engine.writes.sessions import WriteSession
from models.accounts.trees import columns_of, in_account, row_of
from models.base.ids import AccountId, Kind, PaymentMethodId, new_id, present
from models.payments.tables import payment_methods
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record, record_of_each
from resolvers.inputs.text import short_text
from resolvers.payments.end_top_up_rule import end_top_up_rule
from resolvers.payments.provider import check_no_card_number


@dataclass(frozen=True)
class NewPaymentMethod:
    """`reference`: the provider's; `label`: for people."""

    account_id: AccountId
    reference: str
    label: str


async def add_payment_method(
    session: WriteSession, principal: Principal, command: NewPaymentMethod
) -> PaymentMethodId:
    """Add a payment method. Needs CREDIT_WRITE. Raises BAD_USER_INPUT, also for card numbers."""
    reference, label = short_text(command.reference, "reference"), short_text(command.label, "label")
    for text, field in ((reference, "reference"), (label, "label")):
        check_no_card_number(text, field)
    account = await authorize(session, principal, command.account_id, Permission.CREDIT_WRITE)
    method_id = PaymentMethodId(new_id())
    await session.send_built(
        insert(payment_methods).values(
            **columns_of(account),
            id=method_id,
            label=label,
            reference=reference,
        )
    )
    subject_id = present(Kind.PAYMENT_METHOD, method_id)
    await record(
        session, principal, account, EventType.PAYMENT_METHOD_ADDED, subject_id, None, {"label": label}
    )
    return method_id


async def check_payment_method(
    session: WriteSession, account: Authorized, method_id: PaymentMethodId
) -> None:
    """Raise NotFound unless the account can pay with it."""
    method = payment_methods.c
    statement = select(method.id).where(
        in_account(payment_methods, account), method.id == method_id, method.removed_at.is_(None)
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise NotFound("paymentMethodId")


async def remove_payment_methods(session: WriteSession, principal: Principal, account: Authorized) -> int:
    """Remove all payment methods of a locked account. Returns how many."""
    method = payment_methods.c
    removed = (
        update(payment_methods)
        .where(in_account(payment_methods, account), method.removed_at.is_(None))
        .values(removed_at=func.now())
        .returning(method.id, method.label)
    )
    rows = (await session.execute(removed)).all()
    befores: dict[str, Change] = {present(Kind.PAYMENT_METHOD, row.id): {"label": row.label} for row in rows}
    await record_of_each(session, principal, account, EventType.PAYMENT_METHOD_REMOVED, befores)
    return len(rows)


async def remove_payment_method(
    session: WriteSession, principal: Principal, method_id: PaymentMethodId
) -> None:
    """Remove the payment method, in any status of the account. A top-up rule that pays with it ends. Needs
    CREDIT_WRITE."""
    method = payment_methods
    owner = select(method.c.account_id).where(method.c.id == method_id).scalar_subquery()
    account = await authorize(session, principal, owner, Permission.CREDIT_WRITE, WriteKind.TAKES_AWAY)
    removed = (
        update(method)
        .where(row_of(method, account, method_id), method.c.removed_at.is_(None))
        .values(removed_at=func.now())
        .returning(method.c.label)
    )
    label = (await session.execute(removed)).scalar_one_or_none()
    if label is not None:
        subject_id = present(Kind.PAYMENT_METHOD, method_id)
        kind = EventType.PAYMENT_METHOD_REMOVED
        await record(session, principal, account, kind, subject_id, {"label": label})
        await end_top_up_rule(session, principal, account, method_id)
