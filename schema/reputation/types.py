"""Sending sources."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from authz.wall import staff_door
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_one
from models.base.ids import Kind
from models.reputation.tables import (
    KEY_OF_SOURCE,
    CustomerState,
    PlatformState,
    StateReason,
    sending_sources,
)
from models.sending.tables import SendStream
from resolvers.reputation import reads
from schema.fields.references import ApiKeyRef

_IN_WINDOW = "in the 24 hours that were judged last, or since the trial began"


@strawberry.type
class _SourceValues:
    """The fields that accounts and platform staff both see."""

    stream: SendStream = column(codec=enum_of(SendStream), description="The kind of messages.")
    api_key_id: strawberry.ID | None = computed(reads.key_id_of, codec=global_id(Kind.API_KEY))
    can_send: bool = computed(reads.can_send)
    customer_state: CustomerState = column(codec=enum_of(CustomerState), description="The account's key.")
    customer_since: datetime.datetime | None = column(
        description="When the account last paused or resumed it; null if it never did."
    )
    platform_state: PlatformState = column(codec=enum_of(PlatformState), description="The platform's key.")
    platform_since: datetime.datetime | None = column(
        description="When the platform's state last changed; null if it never did."
    )
    reason: StateReason | None = column(
        codec=enum_of(StateReason), description="Why the platform's state is not ACTIVE; null if it is."
    )
    cool_down_until: datetime.datetime | None = column(
        description="Where the platform has paused it by a rate, when `sendingSourceResume` can begin a "
        "trial; null otherwise."
    )
    trial_sends_left: int | None = computed(reads.trial_sends_left)
    sent: int = column(
        description=f"How many messages it sent {_IN_WINDOW}. Those that wait are not counted where a trial "
        "or much that comes back is judged."
    )
    hard_bounces: int = column(description=f"How many of them bounced for good {_IN_WINDOW}.")
    complaints: int = column(description=f"How many complaints came back {_IN_WINDOW}.")
    bounce_rate: int | None = computed(reads.bounce_rate)
    complaint_rate: int | None = computed(reads.complaint_rate)
    judged_at: datetime.datetime | None = column(
        description="When the numbers were counted; null if it was never judged."
    )


@entity(sending_sources, key=KEY_OF_SOURCE, requires=Permission.STATISTICS_READ)
class SendingSource(_SourceValues):
    """What of an account sends on a stream: an API key, or without one its campaigns and its people. It sends
    if two keys let it: that of the account and that of the platform, which goes by what comes back. None
    stops another."""

    api_key: ApiKeyRef | None = to_one(reads.key_of)


@entity(None, carries=staff_door.SOURCE)
class StaffSendingSource(_SourceValues):
    """What of an account sends, as platform staff see it."""
