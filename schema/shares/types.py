"""Shares."""

import datetime

import strawberry

from authz.offers.acceptance import OfferLapse
from authz.policy.permissions import Area
from engine.declare.codecs import enum_of, enums_of, global_id
from engine.declare.declarations import column, computed, entity, to_many, to_one
from models.base.ids import Kind
from models.shares.tables import shares
from resolvers.shares import reads
from schema.fields.node import ID_DESCRIPTION, Node
from schema.fields.references import AccountRef
from schema.people.types import User
from schema.roles.types import Role

_AREAS = enums_of(Area)


@entity(shares)
class Share(Node):
    """Some accounts, opened to a person by one grant: exactly these, nothing above or below them, and without
    the areas that are hidden. It gives nothing until it is accepted by the person with the address."""

    id: strawberry.ID = column(codec=global_id(Kind.SHARE), description=ID_DESCRIPTION)
    email: str = column(description="The address that it was made for, as the giver wrote it.")
    accounts: list[AccountRef] = to_many(reads.accounts_of)
    role: Role | None = to_one(reads.role_of)
    areas: list[Area] | None = column(
        codec=_AREAS, description="What it opens where it gives no role; null where it does."
    )
    hidden_areas: list[Area] = column(
        codec=_AREAS, description="What stays hidden, whatever the role gives (R24)."
    )
    status: reads.ShareStatus = computed(reads.status_of, codec=enum_of(reads.ShareStatus))
    lapse: OfferLapse | None = computed(reads.lapse_of, codec=enum_of(OfferLapse))
    user: User | None = to_one(reads.user_of)
    shared_by: User | None = to_one(reads.giver_of)
    shared_by_name: str = computed(reads.giver_name)
    version: int = column(description="Rises with every change; for `expectedVersion`.")
    created_at: datetime.datetime = column(description="When it was made.")
    link_expires_at: datetime.datetime = column(description="Until when it can be accepted.")
    expires_at: datetime.datetime | None = column(description="When it ends by itself; null: never.")
    accepted_at: datetime.datetime | None = column(description="When it was accepted.")
    revoked_at: datetime.datetime | None = column(description="When it was revoked or given back.")
