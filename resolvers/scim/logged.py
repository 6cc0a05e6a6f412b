"""What a directory does with people and groups, in the log of the master account.

The log tells what changed and not how a person is called: it is kept after the person has deleted itself.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Row

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, UserId, present
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record

_NAMES = {
    "user_name": "userName",
    "external_id": "externalId",
    "active": "active",
    "display_name": "displayName",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
}


@dataclass(frozen=True)
class LoggedGroup:
    """A group, before or after a change."""

    name: str
    external_id: str | None
    members: frozenset[uuid.UUID]

    def described(self) -> Change:
        """As the log tells it: how many are in it, and not who."""
        return {"displayName": self.name, "externalId": self.external_id, "memberCount": len(self.members)}


async def log_user(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    kind: EventType,
    user_id: UserId,
    *,
    active: bool,
) -> None:
    """A person has come into the directory, or has left it."""
    now: Change = {"active": active}
    ended = kind is EventType.SCIM_USER_DELETED
    before, after = (now, None) if ended else (None, now)
    await record(session, principal, master, kind, present(Kind.USER, user_id), before, after)


async def log_user_change(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    row: Row[*tuple[object, ...]],
    values: Mapping[str, object],
) -> None:
    """Nothing where the directory has said the same again."""
    stored = row._mapping
    changed = [name for column, name in _NAMES.items() if stored[column] != values[column]]
    if changed:
        before: Change = {"active": bool(stored["active"])}
        after: Change = {"active": bool(values["active"]), "changed": changed}
        subject_id = present(Kind.USER, uuid.UUID(str(stored["user_id"])))
        await record(session, principal, master, EventType.SCIM_USER_UPDATED, subject_id, before, after)


async def log_group(
    session: WriteSession,
    principal: Principal,
    master: Authorized,
    kind: EventType,
    group_id: uuid.UUID,
    before: LoggedGroup | None,
    after: LoggedGroup | None,
) -> None:
    """A group is new, has changed or is gone. Nothing where the directory has said the same again."""
    if before == after:
        return
    old, new = (None if each is None else each.described() for each in (before, after))
    if before is not None and after is not None and new is not None:
        new["membersAdded"] = len(after.members - before.members)
        new["membersRemoved"] = len(before.members - after.members)
    await record(session, principal, master, kind, present(Kind.SCIM_GROUP, group_id), old, new)
