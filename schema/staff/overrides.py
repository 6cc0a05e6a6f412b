"""What platform support has set in an account."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.staff.overrides import OverrideKind, UnsubscribeScope, overrides
from resolvers.staff import overrides as reads
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
    member: MemberRef | None = to_one(reads.member_of)
    permissions: list[Permission] | None = computed(reads.permissions_of, codec=mask_of(Permission))
    reason: str = column(description="Why, as platform support wrote it.")
    status: reads.OverrideStatus = computed(reads.status_of, codec=enum_of(reads.OverrideStatus))
    account: AccountRef | None = to_one(reads.account_of)
    created_at: datetime.datetime = column(description="When it was made.")
    in_force_from: datetime.datetime | None = column(
        description="From when it holds; null while it waits for approval."
    )
    expires_at: datetime.datetime = column(description="When it ends by itself.")
    ended_at: datetime.datetime | None = column(description="When it was ended before that.")
