"""The reads that stand at the root."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

import strawberry

from authz.policy.permissions import Permission
from engine.declare.arguments import Described
from engine.declare.declarations import LookUp, look_up, look_ups, to_one
from models.base.ids import Kind
from resolvers.accounts import reads as accounts
from resolvers.api_keys import reads as api_keys
from resolvers.audit import reads as events
from resolvers.billing import invoices
from resolvers.credit import ledger
from resolvers.invitations import reads as invitations
from resolvers.members import reads as members
from resolvers.parent_access import openings as break_glass
from resolvers.payments import methods as payment_methods
from resolvers.payments import top_ups
from resolvers.people import reads as users
from resolvers.people import viewer
from resolvers.plans import reads as plans
from resolvers.roles import reads as roles
from resolvers.sending import reads as sends
from resolvers.sending import recipient_lists
from resolvers.shares import reads as shares
from resolvers.staff import overrides, subaccounts_requests
from schema.accounts.types import Account
from schema.api_keys.types import ApiKey
from schema.audit.types import Event
from schema.billing.invoices import Invoice
from schema.credit.types import LedgerTransaction
from schema.fields.node import Node
from schema.fields.writes import OPEN, needs
from schema.invitations.types import Invitation
from schema.members.types import Member
from schema.parent_access.openings import BreakGlassOpening
from schema.payments.types import PaymentMethod, TopUp
from schema.people.types import User
from schema.people.viewer import Viewer
from schema.plans.types import Plan
from schema.roles.types import Role
from schema.sending.recipient_lists import RecipientList
from schema.sending.types import SendReservation
from schema.shares.types import Share
from schema.staff.overrides import Override
from schema.staff.subaccounts_requests import SubaccountsRequest


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
