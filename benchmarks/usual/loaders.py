"""Data loaders, a set for each request, each batch in a session of its own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader

from benchmarks.usual.database import reading
from benchmarks.usual.policy import Policy
from benchmarks.usual.principal import Principal
from benchmarks.usual.reach import Reached, Step, reached
from benchmarks.usual.tables import Account, Closure, Membership, Role, User

Member = tuple[Membership, str]
"""With the role's name."""


class Loaders:
    """What is read for one principal."""

    def __init__(self, policy: Policy, principal: Principal) -> None:
        self._policy = policy
        self._principal = principal
        self.accounts: DataLoader[UUID, Reached | None] = DataLoader(self._accounts)
        self.members: DataLoader[tuple[UUID, int], list[Member]] = DataLoader(_members)
        self.users: DataLoader[UUID, User] = DataLoader(_users)

    async def first_accounts(self, first: int) -> list[Reached]:
        """The accounts of the grants and below them, until there are so many that may be read."""
        found: list[Reached] = []
        after: UUID | None = None
        while len(found) < first:
            ids = await self._ids(first, after)
            found += [one for one in await self.accounts.load_many(ids) if one is not None]
            if len(ids) < first:
                break
            after = ids[-1]
        return found[:first]

    async def _ids(self, first: int, after: UUID | None) -> Sequence[UUID]:
        granted = {(grant.master_id, grant.account_id) for grant in self._principal.grants}
        query = (
            select(Closure.descendant_id)
            .where(tuple_(Closure.master_id, Closure.ancestor_id).in_(granted))
            .distinct()
            .order_by(Closure.descendant_id)
            .limit(first)
        )
        if after is not None:
            query = query.where(Closure.descendant_id > after)
        async with reading() as session:
            return (await session.scalars(query)).all()

    async def _accounts(self, ids: list[UUID]) -> list[Reached | None]:
        async with reading() as session:
            accounts = {
                one.id: one for one in await session.scalars(select(Account).where(Account.id.in_(ids)))
            }
            paths = await paths_of(session, list(accounts.values()))
        return [
            reached(self._policy, self._principal, accounts[id_], paths[id_]) if id_ in accounts else None
            for id_ in ids
        ]


async def paths_of(session: AsyncSession, accounts: Sequence[Account]) -> dict[UUID, list[Step]]:
    """For each account the way up to the root, itself first."""
    above = aliased(Account)
    query = (
        select(Closure.descendant_id, Closure.ancestor_id, Closure.depth, Closure.passed_mask, above.status)
        .join(above, (above.master_id == Closure.master_id) & (above.id == Closure.ancestor_id))
        .where(Closure.descendant_id.in_([account.id for account in accounts]))
        .order_by(Closure.depth)
    )
    found: dict[UUID, list[Step]] = {account.id: [] for account in accounts}
    for row in await session.execute(query):
        descendant_id, ancestor_id, depth, passed_mask, status = row.tuple()
        found[descendant_id].append(Step(ancestor_id, depth, passed_mask, status))
    return found


async def _members(wanted: list[tuple[UUID, int]]) -> list[list[Member]]:
    """The first members of each account. All keys of a request ask for as many."""
    place = func.row_number().over(partition_by=Membership.account_id, order_by=Membership.id)
    numbered = (
        select(Membership.master_id, Membership.id, place.label("place"))
        .where(
            Membership.account_id.in_([account_id for account_id, _ in wanted]),
            or_(Membership.expires_at.is_(None), Membership.expires_at > func.now()),
        )
        .subquery()
    )
    query = (
        select(Membership, Role.name)
        .join(numbered, (numbered.c.master_id == Membership.master_id) & (numbered.c.id == Membership.id))
        .join(Role, Role.id == Membership.role_id)
        .where(numbered.c.place <= max(first for _, first in wanted))
        .order_by(Membership.id)
    )
    found: dict[UUID, list[Member]] = {account_id: [] for account_id, _ in wanted}
    async with reading() as session:
        for membership, role in await session.execute(query):
            found[membership.account_id].append((membership, role))
    return [found[account_id][:first] for account_id, first in wanted]


async def _users(ids: list[UUID]) -> list[User]:
    async with reading() as session:
        found = {one.id: one for one in await session.scalars(select(User).where(User.id.in_(ids)))}
    return [found[id_] for id_ in ids]
