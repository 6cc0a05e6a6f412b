"""What platform support was asked for."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.staff.subaccounts_requests import subaccounts_requests
from resolvers.staff import subaccounts_requests as reads
from resolvers.staff.overrides import account_of
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef


@entity(subaccounts_requests, requires=Permission.SUBACCOUNTS_READ)
class SubaccountsRequest(Node):
    """A request that platform support unlock subaccounts for the tree of a master account (R11)."""

    id: strawberry.ID = column(codec=global_id(Kind.SUBACCOUNTS_REQUEST), description=ID_DESCRIPTION)
    reason: str = column(description="Why, as the asker wrote it.")
    status: reads.SubaccountsRequestStatus = computed(
        reads.status_of, codec=enum_of(reads.SubaccountsRequestStatus)
    )
    decline_reason: str | None = column(description="Why it was declined; null where it was not.")
    account: AccountRef | None = to_one(account_of)
    created_at: datetime.datetime = column(description="When it was made.")
    answered_at: datetime.datetime | None = column(description="When it was answered.")
