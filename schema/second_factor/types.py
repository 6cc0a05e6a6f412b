"""A person's second factors."""

import datetime

import strawberry
from sqlalchemy import Text, Uuid

from engine.declare.codecs import global_id
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_many
from models.base.ids import Kind
from models.second_factor.tables import passkeys
from resolvers.second_factor import reads
from resolvers.second_factor.passkeys import MOST_PASSKEYS
from schema.fields.node import ID_DESCRIPTION, Node


@entity(passkeys)
class Passkey(Node):
    """A passkey of yours. Only you see it."""

    id: strawberry.ID = column(codec=global_id(Kind.PASSKEY), description=ID_DESCRIPTION)
    name: str = column(description="The name that you gave it.")
    created_at: datetime.datetime = column(description="When it was added.")
    last_used_at: datetime.datetime | None = column(
        description="When it was last used to sign in; null if never."
    )


@entity(None, carries={"master_id": Uuid(), "id": Uuid(), "name": Text()})
class BarredAccount:
    """An account that requires a second factor, which this session has not proved. Nothing else of it can be
    read or changed."""

    account_id: strawberry.ID = computed(reads.barred_id, codec=global_id(Kind.ACCOUNT))
    name: str = column(description="The account's name.")


@entity(None, carries={"user_id": Uuid()})
class SecondFactor:
    """What you prove yourself with besides your password, and the accounts that require it."""

    proved: bool = computed(reads.is_proved)
    totp: bool = computed(reads.has_totp)
    passkeys: list[Passkey] = to_many(reads.passkeys_of, most=MOST_PASSKEYS)
    recovery_codes_left: int = computed(reads.recovery_codes_left)
    missing_in: Connection[BarredAccount] = connection(reads.missing_in, order=reads.BARRED_BY_ID)
    reset_effective_at: datetime.datetime | None = computed(reads.reset_effective_at)
