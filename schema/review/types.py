"""Reviews, as accounts and as platform staff see them."""

import datetime

import strawberry

from authz.policy.permissions import Permission
from authz.wall import staff_door
from engine.declare.codecs import enum_of, global_id
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.review.tables import ReviewStatus, review_samples, reviews
from resolvers.review import reads, staff_reads
from resolvers.review.sample import SAMPLE_SIZE
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef

_CONTACTS = "The number of contacts that the sample was drawn from."


@strawberry.type
class _ReviewValues:
    """The fields that accounts and platform staff both see."""

    status: ReviewStatus = column(codec=enum_of(ReviewStatus), description="The status.")
    reason: str | None = column(
        description="Why platform support declined it, or ended its approval; null otherwise."
    )
    created_at: datetime.datetime = column(description="When it was requested.")
    decided_at: datetime.datetime | None = column(description="When it was decided; null while it is open.")


@entity(reviews, requires=Permission.SETTINGS_READ)
class Review(_ReviewValues, Node):
    """The check of a sample of an account's contacts by platform support."""

    id: strawberry.ID = column(codec=global_id(Kind.REVIEW), description=ID_DESCRIPTION)
    contacts: int | None = computed(
        reads.contacts_of, description=f"{_CONTACTS} Null if you lack CONTACTS_READ."
    )
    account: AccountRef | None = to_one(reads.account_of)


@entity(review_samples, key=("ordinal",))
class SampledContact:
    """A contact in a sample, without its address and number."""

    first_letter: str | None = column(
        description="The first letter of the e-mail address; null where there is none, or hardly more."
    )
    email_domain: str | None = column(description="The domain of the e-mail address.")
    phone_code: str | None = column(
        description="The country's calling code of the phone number, such as +49."
    )
    attributes: list[str] = column(description="The names of the attributes that the contact has.")
    source: str = column(description="Where the contact came from.")
    added_at: datetime.datetime = column(description="When the account first had the contact.")


@entity(None, carries=staff_door.REVIEW)
class StaffReview(_ReviewValues):
    """A review as platform staff see it, with its sample and the names of those who worked on it."""

    id: strawberry.ID = column(
        codec=global_id(Kind.REVIEW), description="The id for `reviewApprove` and `reviewDecline`."
    )
    contacts: int = column(description=_CONTACTS)
    account_id: strawberry.ID = column(codec=global_id(Kind.ACCOUNT), description="The account.")
    account_name: str = column(description="The account's name.")
    checked_by_name: str | None = column(description="The name of the person who approved it first.")
    approved_by_name: str | None = column(description="The name of the second person who approved it.")
    ended_by_name: str | None = column(
        description="The name of the person who declined it, or ended its approval."
    )
    sample: list[SampledContact] = to_many(staff_reads.sample_of, most=SAMPLE_SIZE)
