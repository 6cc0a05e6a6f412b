"""Global ids as arguments of read resolvers and of commands."""

import uuid
from functools import partial
from typing import Annotated

from sqlalchemy import ColumnElement, Text

from authz.policy.refusals import NotFound
from engine.declare.arguments import GlobalId
from models.base.ids import Kind, parse

AccountIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.ACCOUNT))]
UserIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.USER))]
RoleIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.ROLE))]
InvitationIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.INVITATION))]
ApiKeyIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.API_KEY))]
ShareIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.SHARE))]
BreakGlassIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.BREAK_GLASS))]
LedgerTransactionIdArgument = Annotated[
    ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.LEDGER_TRANSACTION))
]
PaymentMethodIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.PAYMENT_METHOD))]
PlanIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.PLAN))]
SendReservationIdArgument = Annotated[
    ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.SEND_RESERVATION))
]
RecipientListIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.RECIPIENT_LIST))]
InvoiceIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.INVOICE))]
TopUpIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.TOP_UP))]
EventIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.EVENT))]
OverrideIdArgument = Annotated[ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.OVERRIDE))]
SubaccountsRequestIdArgument = Annotated[
    ColumnElement[uuid.UUID], GlobalId(partial(parse, Kind.SUBACCOUNTS_REQUEST))
]


def parse_member(text: object) -> str | None:
    """`<membership>_` or, for a member seen from an account below, `<membership>_<account>`."""
    if not isinstance(text, str):
        return None
    member, account = text[:41], text[42:]
    membership_id = parse(Kind.MEMBER, member)
    if membership_id is None:
        return None
    if len(text) == len(member):
        return f"{membership_id}_"
    account_id = parse(Kind.ACCOUNT, f"{Kind.ACCOUNT}_{account}") if text[41] == "_" else None
    return None if account_id is None else f"{membership_id}_{account_id}"


MemberIdArgument = Annotated[ColumnElement[str], GlobalId(parse_member, Text())]


def required(kind: Kind, text: str, field: str) -> uuid.UUID:
    """The id in a command. Raises NotFound for text that is no id of this kind."""
    found = parse(kind, text)
    if found is None:
        raise NotFound(field)
    return found
