"""What clients tell of orders that messages brought."""

import datetime

import strawberry

from authz.policy.refusals import Refusal
from engine.base.marks import Public
from engine.declare.declarations import entity
from engine.writes.sessions import WriteSession
from models.accounts.tables import Currency
from models.messages.orders import LONGEST_ORDER_KEY
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from resolvers.messages.orders import report as reports
from resolvers.messages.orders.given import (
    LARGEST_ORDER,
    MOST_ORDERS,
    OLDEST,
    GivenOrder,
    check_number_of,
    read_order,
)
from resolvers.sending.permissions import SEND_PERMISSIONS
from resolvers.suppressions.reports import CLOCK_MINUTES
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.ids import account_id
from schema.fields.marks import needs_any
from schema.fields.payloads import Payload, payload
from schema.fields.user_errors import RefusedError, UserError, names_in
from schema.fields.writes import perform, refused


@strawberry.input(
    description="An order that a message brought, or something that is given back: of one of `messageId`, "
    "`campaignId`, and `label` with `channel`."
)
class OrderInput:
    key: str = strawberry.field(
        description=f"Your own id of the order, 1 to {LONGEST_ORDER_KEY} characters, unique in the account. "
        "The same order with the same key is not counted again."
    )
    occurred_at: datetime.datetime = strawberry.field(
        description=f"When it was placed: at most {OLDEST.days} days ago, not in the future, and not before "
        f"the message could go out or the campaign started. Clocks may differ by {CLOCK_MINUTES} minutes. "
        "It is counted there."
    )
    amount: MicroAmount = strawberry.field(
        description=f"What it brought, 0 to {LARGEST_ORDER:,} micro-units. A negative amount is given back, "
        "for a return or a correction, under a key of its own: it lessens the revenue, not the orders."
    )
    currency: Currency = strawberry.field(description="The currency of the amount: that of the account.")
    message_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A message of the account on this stream. FAILED_PRECONDITION if it was never handed "
        "over: while it is WAITING, and if it is CANCELED, EXCLUDED, or FAILED before the first try.",
    )
    campaign_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="A campaign of the account; on the stream MARKETING alone. FAILED_PRECONDITION if it has "
        "not started.",
    )
    label: str | None = strawberry.field(
        default=None,
        description="A label that the account has used for sends, such as by its own engine. Upper and lower "
        "case are the same.",
    )
    channel: MessageChannel | None = strawberry.field(
        default=None, description="With `label`: the channel of the messages."
    )


@strawberry.input(description="Orders that messages of the account brought.")
class OrdersReportInput:
    account_id: strawberry.ID = strawberry.field(description="The account that sent the messages.")
    stream: SendStream = strawberry.field(description="The kind of messages.")
    orders: list[OrderInput] = strawberry.field(description=f"1 to {MOST_ORDERS:,} orders.")


@strawberry.type(description="What became of one order of the input.", directives=[Public()])
class OrderOutcome:
    index: int = strawberry.field(description="The position of the order in the input, from 0.")
    is_new: bool = strawberry.field(
        description="Whether it was counted now. False if it was known before, and if there is an error."
    )
    error: UserError | None = strawberry.field(
        description="Why it is not counted; null if it is. Its key can be used again, unless another order "
        "has it."
    )


@entity(None)
class OrdersReportPayload(Payload):
    """What became of the orders."""

    outcomes: list[OrderOutcome] | None = strawberry.field(
        default=None, description="One for each order, in their order; null if the whole request was refused."
    )


@strawberry.type
class OrderMutation:
    @strawberry.mutation(
        directives=needs_any(SEND_PERMISSIONS.values()),
        description="Report orders that messages brought, and what of them is given back. Each is counted in "
        "the statistics where it happened, with the label, the campaign and the API key of the message, and "
        "has an outcome of its own. Orders of messages that were tests are not counted. The stream decides "
        "which of the permissions is needed.",
    )
    async def orders_report(self, info: ContextInfo, input: OrdersReportInput) -> OrdersReportPayload:
        principal = principal_of(info)
        try:
            check_number_of(input.orders)
            sender_id = account_id(input.account_id)
        except Refusal as refusal:
            return refused(info, OrdersReportPayload, refusal)
        read = [read_order(sender_id, input.stream, _given(each)) for each in input.orders]
        command = reports.OrdersReport(account_id=sender_id, stream=input.stream, orders=read)

        async def write(session: WriteSession) -> OrdersReportPayload:
            found = await reports.report_orders(session, principal, command)
            outcomes = [_outcome(index, each) for index, each in enumerate(found)]
            return payload(OrdersReportPayload, outcomes=outcomes)

        return await perform(info, OrdersReportPayload, write)


def _given(order: OrderInput) -> GivenOrder:
    return GivenOrder(
        key=order.key,
        occurred_at=order.occurred_at,
        amount=order.amount,
        currency=order.currency,
        message_id=order.message_id,
        campaign_id=order.campaign_id,
        label=order.label,
        channel=order.channel,
    )


def _outcome(index: int, outcome: reports.Outcome) -> OrderOutcome:
    """As clients see it."""
    if not isinstance(outcome, Refusal):
        return OrderOutcome(index=index, is_new=outcome, error=None)
    inside = [] if outcome.field is None else names_in(outcome.field)
    path = ["input", "orders", str(index), *inside]
    error = RefusedError(code=outcome.code, field=path, message=outcome.message)
    return OrderOutcome(index=index, is_new=False, error=error)
