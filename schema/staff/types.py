"""Overrides and requests, as platform staff and as accounts see them."""

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
from resolvers.reputation import staff_reads as source_reads
from resolvers.review import staff_reads as review_reads
from resolvers.staff import overrides as override_reads
from resolvers.staff import reads
from resolvers.staff import subaccounts_requests as request_reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef, MemberRef
from schema.reputation.types import StaffSendingSource
from schema.review.types import StaffReview


@strawberry.type
class _OverrideValues:
    """The fields that accounts and platform staff both see."""

    kind: OverrideKind = column(codec=enum_of(OverrideKind), description="The setting.")
    unsubscribe_scope: UnsubscribeScope | None = column(
        codec=enum_of(UnsubscribeScope), description="The value of UNSUBSCRIBE_SCOPE; null for other kinds."
    )
    sending_domains: int | None = column(description="The value of SENDING_DOMAINS; null for other kinds.")
    field_functions: bool | None = column(description="The value of FIELD_FUNCTIONS; null for other kinds.")
    permissions: list[Permission] | None = computed(override_reads.permissions_of, codec=mask_of(Permission))
    status: override_reads.OverrideStatus = computed(
        override_reads.status_of, codec=enum_of(override_reads.OverrideStatus)
    )
    created_at: datetime.datetime = column(description="When it was created.")
    in_force_from: datetime.datetime | None = column(
        description="When it took effect; null while it waits for approval."
    )
    expires_at: datetime.datetime = column(description="When it expires.")
    ended_at: datetime.datetime | None = column(description="When it was ended early; null otherwise.")


@entity(overrides, requires=Permission.SETTINGS_READ)
class Override(_OverrideValues, Node):
    """A setting that only platform support can make in an account, with a reason and an end."""

    id: strawberry.ID = column(codec=global_id(Kind.OVERRIDE), description=ID_DESCRIPTION)
    member: MemberRef | None = to_one(override_reads.member_of)
    reason: str = column(description="The reason, as platform support wrote it.")
    account: AccountRef | None = to_one(override_reads.account_of)


@entity(subaccounts_requests, requires=Permission.SUBACCOUNTS_READ)
class SubaccountsRequest(Node):
    """A request to platform support to unlock subaccounts for the tree of a master account."""

    id: strawberry.ID = column(codec=global_id(Kind.SUBACCOUNTS_REQUEST), description=ID_DESCRIPTION)
    reason: str = column(description="The reason that the account gave.")
    status: request_reads.SubaccountsRequestStatus = computed(
        request_reads.status_of, codec=enum_of(request_reads.SubaccountsRequestStatus)
    )
    decline_reason: str | None = column(description="Why it was declined; null otherwise.")
    account: AccountRef | None = to_one(override_reads.account_of)
    created_at: datetime.datetime = column(description="When it was created.")
    answered_at: datetime.datetime | None = column(description="When it was answered.")


_ACCOUNT_ID = global_id(Kind.ACCOUNT)


@entity(None, carries=staff_functions.OVERRIDE)
class StaffOverride(_OverrideValues):
    """An override as platform staff see it, with the names of those who worked on it."""

    id: strawberry.ID = column(
        codec=global_id(Kind.OVERRIDE), description="The id for `overrideApprove` and `overrideEnd`."
    )
    account_id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account.")
    account_name: str = column(description="The account's name.")
    member_id: strawberry.ID | None = computed(reads.member_id_of, codec=global_id(Kind.MEMBER))
    reason: str = column(description="The reason, which the account can read.")
    made_by_name: str = column(description="The name of the person who created it.")
    approved_by_name: str | None = column(description="The name of the person who approved it.")
    ended_by_name: str | None = column(description="The name of the person who ended it.")


@entity(None, carries=staff_functions.REQUEST)
class StaffRequest:
    """A pending request for subaccounts."""

    id: strawberry.ID = column(
        codec=global_id(Kind.SUBACCOUNTS_REQUEST), description="The request's global id."
    )
    account_id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account that made the request.")
    account_name: str = column(description="The account's name.")
    reason: str = column(description="The reason that the account gave.")
    created_at: datetime.datetime = column(description="When it was created.")


@entity(None, carries=staff_functions.ACCOUNT)
class StaffAccount:
    """A customer's account as platform staff see it, without its people and content."""

    id: strawberry.ID = column(codec=_ACCOUNT_ID, description="The account's global id.")
    name: str = column(description="The account's name, as its owner wrote it.")
    external_id: str | None = column(description="The customer's own id; null if none was set.")
    status: AccountStatus = column(
        codec=enum_of(AccountStatus),
        description="The effective status: the worst status on the path from the root.",
    )
    overrides: Connection[StaffOverride] = connection(reads.overrides_of, order=override_reads.BY_ID)
    reviews: Connection[StaffReview] = connection(review_reads.of_account, order=review_reads.NEWEST_FIRST)
    sending_sources: Connection[StaffSendingSource] = connection(
        source_reads.of_account, order=source_reads.BY_KEY
    )


@entity(None, carries={"user_id": Uuid(), "role": Text()})
class Staff:
    """The caller as a member of the platform's staff. This role alone reaches no account: staff see the
    fields of this type, and can run the mutations marked `@staffOnly`."""

    role: StaffRole = column(codec=enum_of(StaffRole), description="The person's role in the staff.")
    account: StaffAccount | None = to_one(reads.account, absent="NOT_FOUND")
    accounts: Connection[StaffAccount] = connection(reads.found_accounts, order=reads.BY_NAME)
    requests: Connection[StaffRequest] = connection(reads.requests, order=reads.OLDEST_REQUEST_FIRST)
    waiting: Connection[StaffOverride] = connection(reads.waiting, order=override_reads.BY_ID)
    reviews: Connection[StaffReview] = connection(review_reads.open_reviews, order=review_reads.OLDEST_FIRST)
