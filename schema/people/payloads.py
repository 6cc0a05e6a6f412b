"""What mutations answer that concern the person who asks."""

from sqlalchemy import Uuid

from engine.declare.declarations import entity, to_one
from resolvers.people import reads as users
from schema.fields.payloads import Payload
from schema.people.types import User

OF_THE_DEVICE = (
    "A secret by which this device is known from now on. Keep it, also after signing out, and send it with "
    "the next `signIn`: then guesses that others make elsewhere do not keep you out."
)
"""The description of `deviceToken`."""


@entity(None, carries={"user_id": Uuid()})
class PersonPayload(Payload):
    """The person who asked."""

    user: User | None = to_one(users.of_result)
