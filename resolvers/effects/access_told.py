"""Who gained and lost which permissions by a change, for its event: which events tell it, and how (N17).

The stored function `mandant_access_changes` finds it out, behind the change and in its transaction.
"""

import uuid
from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import ARRAY, Uuid, false, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from engine.writes.sessions import WriteSession
from resolvers.effects.event_types import EventType

MAY_GIVE_ACCESS = frozenset(
    {
        EventType.ACCOUNT_UPDATED,
        EventType.MEMBER_JOINED,
        EventType.MEMBER_UPDATED,
        EventType.OWNERSHIP_TRANSFERRED,
        EventType.SHARE_ACCEPTED,
        EventType.SHARE_CREATED,
        EventType.SHARE_UPDATED,
        EventType.API_KEY_CREATED,
        EventType.API_KEY_UPDATED,
        EventType.API_KEY_ADOPTED,
        EventType.ROLE_UPDATED,
        EventType.PARENT_ACCESS_UPDATED,
        EventType.PROMISE_MADE,
    }
)
"""What these tell of was written before, and is held to what accounts have promised (N13). Other events give
nobody a permission."""
_CHANGES_ACCESS = MAY_GIVE_ACCESS | {
    EventType.ACCOUNT_CREATED,
    EventType.ACCOUNT_SUSPENDED,
    EventType.ACCOUNT_RESUMED,
    EventType.ACCOUNT_REOPENED,
    EventType.ACCOUNT_CLOSED,
    EventType.MEMBER_REMOVED,
    EventType.MEMBER_LEFT,
    EventType.API_KEY_REVOKED,
    EventType.SHARE_REVOKED,
    EventType.SHARE_LEFT,
    EventType.ROLE_DELETED,
    EventType.BREAK_GLASS_OPENED,
    EventType.BREAK_GLASS_ENDED,
    EventType.OVERRIDE_STARTED,
    EventType.OVERRIDE_ENDED,
}
CHANGES_LIMITS = frozenset(
    {
        EventType.ACCOUNT_CREATED,
        EventType.ACCOUNT_UPDATED,
        EventType.ACCOUNT_SUSPENDED,
        EventType.ACCOUNT_RESUMED,
        EventType.ACCOUNT_REOPENED,
        EventType.ACCOUNT_CLOSED,
        EventType.PARENT_ACCESS_UPDATED,
    }
)
"""What changes more than somebody's grants: the links between accounts, or their status."""


class AccessTold(TypedDict):
    """As `mandant_access_changes` returns it. `count`: of all changes; at least so many if there are
    `more`."""

    count: int
    more: bool
    changes: list[dict[str, str | int]]


def tells_access(event_type: EventType, changed: Sequence[str]) -> bool:
    """Whether the event may have given or taken permissions. `changed`: the names of its values. Of an
    account, the inheritance of rights matters, and not its name."""
    if event_type is EventType.ACCOUNT_UPDATED:
        return "rights_inheritance" in changed
    return event_type in _CHANGES_ACCESS


async def told_by_ends(
    session: WriteSession, ends: Sequence[tuple[uuid.UUID, EventType]]
) -> list[AccessTold | None]:
    """What each event about something that ended in an account tells. What changed in an account is told by
    the first of the events there, what changed elsewhere by the first of all."""
    told: list[AccessTold | None] = [None for _ in ends]
    telling = [each for each, (_, event_type) in enumerate(ends) if event_type in _CHANGES_ACCESS]
    if not telling:
        return told
    ids = literal([ends[each][0] for each in telling], ARRAY(Uuid))
    asked = select(func.mandant_access_changes(ids, false(), type_=JSONB))
    changed: AccessTold | None = (await session.execute(asked)).scalar_one()
    if changed is None:
        return told
    places = {str(ends[each][0]): each for each in reversed(telling)}
    found: dict[int, list[dict[str, str | int]]] = {}
    for change in changed["changes"]:
        found.setdefault(places.get(str(change["account_id"]), telling[0]), []).append(change)
    rest = changed["count"] - len(changed["changes"])
    for each, changes in sorted(found.items()):
        told[each] = AccessTold(count=len(changes) + rest, more=changed["more"], changes=changes)
        rest = 0
    return told
