"""What an account's log is filtered by: the type, the time, who acted, and what was changed."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    and_,
    any_,
    cast,
    extract,
    func,
    literal_column,
    or_,
    select,
)

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.base.client_values import bound
from engine.base.moments import EndOf
from engine.declare.arguments import Described, GlobalId
from models.base.ids import Kind, parse
from resolvers.audit.order import is_settled
from resolvers.effects.event_types import EventType
from resolvers.inputs.global_ids import Id
from resolvers.rows.shown import is_viewer

_SLACK: ColumnElement[datetime.timedelta] = literal_column("interval '1 day'")
"""An event's id was made by another clock than its `created_at`, and some time before or after it."""
_NO_RANDOM = "0" * 20
"""What follows the time in the smallest UUIDv7 of a millisecond, in hexadecimal digits."""


def _actor(text: object) -> uuid.UUID | None:
    return parse(Kind.USER, text) or parse(Kind.API_KEY, text)


def _subject(text: object) -> str | None:
    return text if isinstance(text, str) and "\x00" not in text else None


Since = Annotated[ColumnElement[datetime.datetime] | None, Described("Only events of this moment and later.")]
Until = Annotated[
    ColumnElement[datetime.datetime] | None, Described("Only events before this moment."), EndOf("since")
]
ActorId = Annotated[
    Annotated[Id, GlobalId(_actor)] | None,
    Described(
        "Only changes that this person or API key made. Of a person, in accounts whose members you may see; "
        "of a key, in accounts whose keys you may see."
    ),
]
SubjectId = Annotated[
    Annotated[ColumnElement[str], GlobalId(_subject, Text())] | None,
    Described("Only changes of the object with this global id, as `Event.subjectId` has it."),
]


Types = Annotated[
    list[EventType] | None, Described("Only events of these types. An empty list stands for all types.")
]


@dataclass(frozen=True)
class EventFilter:
    """The filters of a list of events. None, and no types: any. `settled`: only those that a
    follower may see."""

    types: list[EventType] | None = None
    since: ColumnElement[datetime.datetime] | None = None
    until: ColumnElement[datetime.datetime] | None = None
    actor_id: ColumnElement[uuid.UUID] | None = None
    subject_id: ColumnElement[str] | None = None
    settled: bool = False

    @property
    def finds_few(self) -> bool:
        """Whether an index leads to the events of the whole tree."""
        return self.actor_id is not None or self.subject_id is not None

    def conditions(self, event: FromClause) -> list[ColumnElement[bool]]:
        """What an event has to meet."""
        found: list[ColumnElement[bool]] = []
        if self.settled:
            found.append(is_settled(event))
        if self.types:
            given = bound(sorted({each.value for each in self.types}), ARRAY(Text))
            found.append(event.c.type == any_(given))
        if self.since is not None:
            found += [event.c.created_at >= self.since, event.c.id >= _first_id(self.since - _SLACK)]
        if self.until is not None:
            found += [event.c.created_at < self.until, event.c.id < _first_id(self.until + _SLACK)]
        if self.subject_id is not None:
            found.append(event.c.subject_id == self.subject_id)
        if self.actor_id is not None:
            found.append(_made_by(event, self.actor_id))
        return found


def _made_by(event: FromClause, actor_id: ColumnElement[uuid.UUID]) -> ColumnElement[bool]:
    """Whether the person or key made the change, for who may know that."""
    is_viewers_key = actor_id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
    people, keys = (
        account_where(event, permission) for permission in (Permission.MEMBERS_READ, Permission.API_KEYS_READ)
    )
    return or_(
        and_(event.c.actor_user_id == actor_id, is_viewer(actor_id) | people),
        and_(event.c.actor_api_key_id == actor_id, is_viewers_key | keys),
    )


def _first_id(moment: ColumnElement[datetime.datetime]) -> ColumnElement[uuid.UUID]:
    """The smallest id that is made at a moment: ids rise with time, so an index by them leads there."""
    milliseconds = cast(func.greatest(extract("epoch", moment) * 1000, 0), BigInteger)
    return cast(func.lpad(func.to_hex(milliseconds), 12, "0").concat(_NO_RANDOM), Uuid)
