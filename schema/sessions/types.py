"""Sessions."""

import datetime

import strawberry

from engine.declare.codecs import global_id
from engine.declare.declarations import column, computed, entity
from models.base.ids import Kind
from models.people.sessions import sessions
from resolvers.sessions import reads
from schema.fields.node import ID_DESCRIPTION, Node


@entity(sessions)
class Session(Node):
    """A session of yours: one place where you are signed in. Only you see it."""

    id: strawberry.ID = column(codec=global_id(Kind.SESSION), description=ID_DESCRIPTION)
    current: bool = computed(reads.is_current)
    created_at: datetime.datetime = column(description="When you signed in.")
    last_seen_at: datetime.datetime = column(
        description="When it was last used. It is noted at most once a minute."
    )
    expires_at: datetime.datetime = column(
        description="When it ends. Where an account that you are in limits the time without a request, each "
        "use moves the end."
    )
    client: str | None = column(
        description="The program that signed in, such as `Firefox on Linux`; null if it is not known."
    )
    place: str | None = column(
        description="The network that the sign-in came from, such as `192.0.2.0/24`; null if it is not "
        "known. The whole address is not kept."
    )
