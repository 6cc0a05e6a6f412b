"""Ending access in an account as the mutations of memberships, shares and keys end it, with their events."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, CollectionAggregate, Uuid, any_, delete, func, literal, select, update

from authz.callers.actors import Actor
from authz.guards.exclusive import Authorized
from authz.policy.builtin_roles import BuiltinRole
from engine.writes.sessions import WriteSession
from models.access_review.tables import ReviewedKind
from models.accounts.trees import in_account
from models.api_keys.tables import api_keys
from models.base.ids import Kind, present
from models.members.tables import memberships
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Ended, record_ends
from resolvers.members.ending import Ending, end_memberships
from resolvers.shares.store import described, scopes_of


@dataclass(frozen=True)
class Subject:
    """What is to end: the id of a membership, share or key."""

    kind: ReviewedKind
    id: uuid.UUID


async def end_access(
    session: WriteSession, actor: Actor, account: Authorized, subjects: Collection[Subject]
) -> None:
    """End it in the account, whose tree is locked. What has ended already stays so, and an owner stays: who
    became one since the review began was made one by consent."""
    ends: list[Ended] = []
    for kind, end in (
        (ReviewedKind.MEMBER, _end_members),
        (ReviewedKind.SHARE, _end_shares),
        (ReviewedKind.API_KEY, _end_keys),
    ):
        ids = [subject.id for subject in subjects if subject.kind is kind]
        if ids:
            ends += await end(session, account, ids)
    await record_ends(session, actor, ends)


async def _end_members(session: WriteSession, account: Authorized, ids: Sequence[uuid.UUID]) -> list[Ended]:
    columns = memberships.c.id, memberships.c.user_id, memberships.c.role_id
    found = (
        select(*columns, roles.c.name, memberships.c.expires_at)
        .join(roles, roles.c.id == memberships.c.role_id)
        .where(
            in_account(memberships, account),
            memberships.c.id == _any(ids),
            memberships.c.role_id != BuiltinRole.OWNER.id,
        )
    )
    endings = [Ending(account, *row) for row in await session.execute(found)]
    return await end_memberships(session, endings)


async def _end_shares(session: WriteSession, account: Authorized, ids: Sequence[uuid.UUID]) -> list[Ended]:
    """A share that opens other accounts too keeps those."""
    opened = share_accounts.c
    here = select(opened.share_id).where(in_account(share_accounts, account))
    tree = shares.c.master_id == account.master_id
    living = select(shares).where(
        tree, shares.c.id == _any(ids), shares.c.id.in_(here), shares.c.revoked_at.is_(None)
    )
    rows = (await session.execute(living)).all()
    scopes = await scopes_of(session, rows)
    ending = {row.id for row in rows}
    others = select(opened.share_id).where(
        opened.master_id == account.master_id,
        opened.share_id == _any(ending),
        opened.account_id != account.account_id,
    )
    stay = set((await session.execute(others)).scalars())
    drop = in_account(share_accounts, account), opened.share_id == _any(stay)
    await session.send_built(delete(share_accounts).where(*drop))
    raised = {"version": shares.c.version + 1}
    await session.send_built(update(shares).where(tree, shares.c.id == _any(stay)).values(raised))
    revoked = update(shares).where(tree, shares.c.id == _any(ending - stay))
    await session.send_built(revoked.values(**raised, revoked_at=func.now()))
    return [
        Ended(
            account,
            EventType.SHARE_REVOKED,
            present(Kind.SHARE, row.id),
            described(row.email, scopes[row.id], row.expires_at),
        )
        for row in rows
    ]


async def _end_keys(session: WriteSession, account: Authorized, ids: Sequence[uuid.UUID]) -> list[Ended]:
    ended = (
        update(api_keys)
        .where(in_account(api_keys, account), api_keys.c.id == _any(ids), api_keys.c.revoked_at.is_(None))
        .values(revoked_at=func.now(), version=api_keys.c.version + 1)
        .returning(api_keys.c.id, api_keys.c.name)
    )
    rows = (await session.execute(ended)).all()
    return [
        Ended(account, EventType.API_KEY_REVOKED, present(Kind.API_KEY, row.id), {"name": row.name})
        for row in rows
    ]


def _any(ids: Collection[uuid.UUID]) -> CollectionAggregate[bool]:
    """As one bound array."""
    return any_(literal(list(ids), ARRAY(Uuid)))
