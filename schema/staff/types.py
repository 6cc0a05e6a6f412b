"""What platform staff see, and what accounts see of their work."""

import datetime

import strawberry
from sqlalchemy import Text, Uuid

from authz.policy.permissions import Permission
from authz.wall import staff_door as staff_functions
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_one
from models.accounts.tables import AccountStatus
from models.base.ids import Kind
from models.staff.overrides import OverrideKind, UnsubscribeScope, overrides
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import StaffRole
from resolvers.staff import overrides as override_reads
from resolvers.staff import reads
from resolvers.staff import subaccounts_requests as request_reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef, MemberRef


@entity(overrides, requires=Permission.SETTINGS_READ)
class Override(Node):
    """Something that only platform support sets in an account: for a reason, and until a day (R88)."""

    id: strawberry.ID = column(codec=global_id(Kind.OVERRIDE), description=ID_DESCRIPTION)
    kind: OverrideKind = column(codec=enum_of(OverrideKind), description="What is set.")
    unsubscribe_scope: UnsubscribeScope | None = column(
        codec=enum_of(UnsubscribeScope), description="What UNSUBSCRIBE_SCOPE sets; null for other kinds."
    )
    sending_domains: int | None = column(description="How many SENDING_DOMAINS allows; null for other kinds.")
    field_functions: bool | None = column(
        description="Whether field functions work by FIELD_FUNCTIONS; null for other kinds."
    )
    member: MemberRef | None = to_one(override_reads.member_of)
    permissions: list[Permission] | None = computed(override_reads.permissions_of, codec=mask_of(Permission))
    reason: str = column(description="Why, as platform support wrote it.")
    status: override_reads.OverrideStatus = computed(
        override_reads.status_of, codec=enum_of(override_reads.OverrideStatus)
    )
    account: AccountRef | None = to_one(override_reads.account_of)
    created_at: datetime.datetime = column(description="When it was made.")
    in_force_from: datetime.datetime | None = column(
        description="From when it holds; null while it waits for approval."
    )
    expires_at: datetime.datetime = column(description="When it ends by itself.")
    ended_at: datetime.datetime | None = column(description="When it was ended before that.")


@entity(subaccounts_requests, requires=Permission.SUBACCOUNTS_READ)
class SubaccountsRequest(Node):
    """A request that platform support unlock subaccounts for the tree of a master account (R11)."""

    id: strawberry.ID = column(codec=global_id(Kind.SUBACCOUNTS_REQUEST), description=ID_DESCRIPTION)
    reason: str = column(description="Why, as the asker wrote it.")
    status: request_reads.SubaccountsRequestStatus = computed(
        request_reads.status_of, codec=enum_of(request_reads.SubaccountsRequestStatus)
    )
    decline_reason: str | None = column(description="Why it was declined; null where it was not.")
    account: AccountRef | None = to_one(override_reads.account_of)
    created_at: datetime.datetime = column(description="When it was made.")
    answered_at: datetime.datetime | None = column(description="When it was answered.")


_ACCOUNT_ID = global_id(Kind.ACCOUNT)


@entity(None, carries=staff_functions.OVERRIDE)
class StaffOverride:
    """An override as the platform's staff see it: with who of them it was."""

    id: strawberry.ID = column(
        codec=global_id(Kind.OVERRIDE), description="For `overrideApprove` and `overrideEnd`."
    )
    account_id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account.")
    account_name: str = column(description="The account's name.")
    kind: OverrideKind = column(codec=enum_of(OverrideKind), description="What is set.")
    unsubscribe_scope: UnsubscribeScope | None = column(
        codec=enum_of(UnsubscribeScope), description="What UNSUBSCRIBE_SCOPE sets; null for other kinds."
    )
    sending_domains: int | None = column(description="How many SENDING_DOMAINS allows; null for other kinds.")
    field_functions: bool | None = column(
        description="Whether field functions work by FIELD_FUNCTIONS; null for other kinds."
    )
    member_id: strawberry.ID | None = computed(reads.member_id_of, codec=global_id(Kind.MEMBER))
    permissions: list[Permission] | None = computed(override_reads.permissions_of, codec=mask_of(Permission))
    reason: str = column(description="Why; the account reads it too.")
    status: override_reads.OverrideStatus = computed(
        override_reads.status_of, codec=enum_of(override_reads.OverrideStatus)
    )
    made_by_name: str = column(description="Who made it.")
    approved_by_name: str | None = column(description="Who approved it.")
    ended_by_name: str | None = column(description="Who ended it.")
    created_at: datetime.datetime = column(description="When it was made.")
    in_force_from: datetime.datetime | None = column(
        description="From when it holds; null while it waits for approval."
    )
    expires_at: datetime.datetime = column(description="When it ends by itself.")
    ended_at: datetime.datetime | None = column(description="When it was ended before that.")


@entity(None, carries=staff_functions.REQUEST)
class StaffRequest:
    """A request for subaccounts that waits for an answer."""

    id: strawberry.ID = column(
        codec=global_id(Kind.SUBACCOUNTS_REQUEST), description="As the account knows it."
    )
    account_id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account that asks.")
    account_name: str = column(description="The account's name.")
    reason: str = column(description="Why, as the asker wrote it.")
    created_at: datetime.datetime = column(description="When it was made.")


@entity(None, carries=staff_functions.ACCOUNT)
class StaffAccount:
    """A customer's account as platform staff see it: none of its people and none of its content."""

    id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account's global id.")
    name: str = column(description="As its owner wrote it.")
    status: AccountStatus = column(
        codec=enum_of(AccountStatus), description="The worst status on the path from the root."
    )
    overrides: Connection[StaffOverride] = connection(reads.overrides_of, order=override_reads.BY_ID)


@entity(None, carries={"user_id": Uuid(), "role": Text()})
class Staff:
    """Who asks, as a member of the platform's staff. It reaches no account by that: all that it may see
    stands here, and all that it may do are the mutations with the mark `@staffOnly`."""

    role: StaffRole = column(codec=enum_of(StaffRole), description="What the person does in the staff.")
    account: StaffAccount | None = to_one(reads.account, absent="NOT_FOUND")
    requests: Connection[StaffRequest] = connection(reads.requests, order=reads.OLDEST_REQUEST_FIRST)
    waiting: Connection[StaffOverride] = connection(reads.waiting, order=override_reads.BY_ID)
