"""The one way in which memberships end, whoever ends them: a manager, the member, a review, the directory, or
the person's own deletion.

With a membership end the ownership that it was, and the offers of ownership to it and by it. What the member
has made or been given otherwise asks for the membership where rights are read, and follows its own rule: API
keys, invitations, shares, break-glass, narrowed tokens. Sessions are the person's and go on.
"""

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, CollectionAggregate, Uuid, any_, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSession
from models.accounts.trees import in_tree
from models.base.ids import AccountId, Kind, MasterId, MembershipId, UserId, present
from models.members.tables import memberships
from models.scim.tables import scim_group_members, scim_group_roles, scim_memberships, scim_users
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, Ended
from resolvers.members.ownership import end_offers, give_up_ownership


@dataclass(frozen=True)
class Ending:
    """A membership that is to end, and the account that it is held in."""

    account: Authorized
    id: MembershipId
    user_id: UserId
    role_id: uuid.UUID
    role_name: str
    expires_at: datetime.datetime | None


async def end_memberships(
    session: WriteSession, endings: Sequence[Ending], kind: EventType = EventType.MEMBER_REMOVED
) -> list[Ended]:
    """End memberships of one tree, which is locked. Returns the events, for `record_ends`.

    Promises are kept, as nobody gets a permission. No group of the company's directory gives a membership
    again that was ended while the group gave it. Raises LAST_OWNER.
    """
    if not endings:
        return []
    for ending in endings:
        if ending.role_id == BuiltinRole.OWNER.id:
            await give_up_ownership(session, ending.account, ending.user_id, ending.id)
    tree, ids = endings[0].account, [ending.id for ending in endings]
    await end_offers(session, tree, *ids)
    these = memberships.c.master_id == tree.master_id, memberships.c.id == _any(ids)
    await session.send_built(delete(memberships).where(*these))
    places = [ending.account.account_id for ending in endings]
    await keep_ended(session, tree.master_id, places, [ending.user_id for ending in endings])
    return [_ended(ending, kind) for ending in endings]


async def keep_ended(
    session: WriteSession,
    master_id: MasterId,
    accounts: Collection[AccountId],
    user_ids: Collection[UserId],
) -> None:
    """See that no group gives one of these people a membership in these accounts, where the person is no
    member. The tree is locked. A group that no longer gives it, and gives it anew, does."""
    mapped, person = scim_group_roles.c, scim_users.c.user_id
    held = select(memberships.c.id).where(
        in_tree(memberships, scim_group_roles, account_id="account_id"), memberships.c.user_id == person
    )
    by_groups = (
        select(mapped.master_id, mapped.account_id, person)
        .join(scim_group_members, in_tree(scim_group_members, scim_group_roles, group_id="group_id"))
        .join(scim_users, in_tree(scim_users, scim_group_members, id="scim_user_id"))
        .where(
            mapped.master_id == master_id,
            mapped.account_id == _any(accounts),
            person == _any(user_ids),
            scim_users.c.active,
            ~held.correlate(scim_group_roles, scim_users).exists(),
        )
    )
    columns = ["master_id", "account_id", "user_id"]
    mark = upsert(scim_memberships).from_select(columns, by_groups)
    await session.send_built(mark.on_conflict_do_nothing())


def membership_values(role_name: str, expires_at: datetime.datetime | None) -> Change:
    """A membership as the log tells it."""
    return {"role": role_name, "expiresAt": expires_at.isoformat() if expires_at else None}


def _ended(ending: Ending, kind: EventType) -> Ended:
    values = membership_values(ending.role_name, ending.expires_at)
    user: Change = {"user": present(Kind.USER, ending.user_id)}
    return Ended(ending.account, kind, present(Kind.MEMBER, ending.id), values | user)


def _any(ids: Collection[uuid.UUID]) -> CollectionAggregate[bool]:
    """As one bound array."""
    return any_(literal(list(ids), ARRAY(Uuid)))
