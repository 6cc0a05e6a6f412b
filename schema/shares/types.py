"""Shares."""

import datetime

import strawberry

from authz.offers.acceptance import OfferLapse
from authz.policy.permissions import Area
from engine.declare.codecs import enum_of, enums_of, global_id
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.shares.tables import shares
from resolvers.promises import doomed
from resolvers.shares import reads
from resolvers.shares.create import MOST_ACCOUNTS
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.promises.types import AccessPromise
from schema.roles.types import Role

_AREAS = enums_of(Area)


@entity(shares)
class Share(Node):
    """Accounts that are opened to a person outside their tree: exactly these accounts, nothing above or below
    them, and without the hidden areas. It gives no rights until the person with the address accepts it."""

    id: strawberry.ID = column(codec=global_id(Kind.SHARE), description=ID_DESCRIPTION)
    email: str = column(description="The address that it is for, as the giver wrote it.")
    accounts: list[AccountRef] = to_many(reads.accounts_of, most=MOST_ACCOUNTS)
    role: Role | None = to_one(reads.role_of)
    areas: list[Area] | None = column(
        codec=_AREAS, description="The areas that it gives; null if it gives a role."
    )
    hidden_areas: list[Area] = column(
        codec=_AREAS, description="The areas that stay hidden, whatever the role gives."
    )
    status: reads.ShareStatus = computed(reads.status_of, codec=enum_of(reads.ShareStatus))
    lapse: OfferLapse | None = computed(reads.lapse_of, codec=enum_of(OfferLapse))
    broken_promises: list[AccessPromise] = to_many(doomed.of_share, most=doomed.MOST_SHOWN)
    user: User | None = to_one(reads.user_of)
    shared_by: User | None = to_one(reads.giver_of)
    shared_by_name: str = computed(reads.giver_name)
    version: int = column(description="Increases with every change. Send it as `expectedVersion`.")
    created_at: datetime.datetime = column(description="When it was created.")
    link_expires_at: datetime.datetime = column(description="Until when it can be accepted.")
    expires_at: datetime.datetime | None = column(description="When it expires; null if it does not.")
    accepted_at: datetime.datetime | None = column(description="When it was accepted.")
    revoked_at: datetime.datetime | None = column(description="When it was revoked or given up.")
