"""The reads that stand at the root."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

import strawberry

from authz.permissions import Permission
from engine.arguments import Described
from engine.declarations import LookUp, look_up, look_ups, to_one
from models.identifiers import Kind
from resolvers import (
    accounts,
    api_keys,
    break_glass,
    events,
    invitations,
    invoices,
    ledger,
    members,
    overrides,
    payment_methods,
    plans,
    recipient_lists,
    roles,
    sends,
    shares,
    subaccounts_requests,
    top_ups,
    users,
    viewer,
)
from schema.accounts import Account
from schema.api_keys import ApiKey
from schema.break_glass import BreakGlassOpening
from schema.credit import LedgerTransaction
from schema.events import Event
from schema.invitations import Invitation
from schema.invoices import Invoice
from schema.members import Member
from schema.node import Node
from schema.overrides import Override
from schema.payments import PaymentMethod, TopUp
from schema.plans import Plan
from schema.recipient_lists import RecipientList
from schema.roles import Role
from schema.sends import SendReservation
from schema.shares import Share
from schema.subaccounts_requests import SubaccountsRequest
from schema.users import User
from schema.viewer import Viewer
from schema.writes import OPEN, needs


@cache
def found_by() -> Mapping[str, LookUp]:
    """How an id of each prefix is found: one GraphQL type a prefix."""
    return {
        Kind.ACCOUNT: LookUp(Account, accounts.by_id),
        Kind.USER: LookUp(User, users.by_id),
        Kind.MEMBER: LookUp(Member, members.by_id),
        Kind.ROLE: LookUp(Role, roles.by_id),
        Kind.INVITATION: LookUp(Invitation, invitations.by_id),
        Kind.API_KEY: LookUp(ApiKey, api_keys.by_id),
        Kind.EVENT: LookUp(Event, events.by_id),
        Kind.SHARE: LookUp(Share, shares.by_id),
        Kind.BREAK_GLASS: LookUp(BreakGlassOpening, break_glass.by_id),
        Kind.OVERRIDE: LookUp(Override, overrides.by_id),
        Kind.SUBACCOUNTS_REQUEST: LookUp(SubaccountsRequest, subaccounts_requests.by_id),
        Kind.LEDGER_TRANSACTION: LookUp(LedgerTransaction, ledger.transaction_by_id),
        Kind.PAYMENT_METHOD: LookUp(PaymentMethod, payment_methods.by_id),
        Kind.TOP_UP: LookUp(TopUp, top_ups.by_id),
        Kind.PLAN: LookUp(Plan, plans.by_id),
        Kind.SEND_RESERVATION: LookUp(SendReservation, sends.by_id),
        Kind.RECIPIENT_LIST: LookUp(RecipientList, recipient_lists.by_id),
        Kind.INVOICE: LookUp(Invoice, invoices.by_id),
    }


def _node(root: None, id: Annotated[strawberry.ID, Described("A global id of any kind.")]) -> None:
    """Anything by its global id; null for what is not there and for what is not yours alike."""


def _nodes(root: None, ids: Annotated[list[strawberry.ID], Described("At most 100.")]) -> None:
    """Anything by its global ids, in their order; null for what is not there or not yours."""


@strawberry.type
class NodeQuery:
    viewer: Viewer | None = to_one(viewer.current, absent="UNAUTHENTICATED", directives=OPEN)
    account: Account | None = to_one(
        accounts.by_id, absent="NOT_FOUND", directives=needs(Permission.ACCOUNT_READ)
    )
    node: Node | None = look_up(_node, found_by, directives=OPEN)
    nodes: list[Node | None] = look_ups(_nodes, found_by, directives=OPEN)
