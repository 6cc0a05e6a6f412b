"""Platform staff and what they set, written straight into the database, as `tests.world.world` writes
everything else."""

import datetime
import uuid
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, insert, update

from authz.policy.permissions import Permission, mask_of
from models.base.ids import Kind, new_id, present
from models.members.tables import memberships
from models.staff.overrides import NEED_APPROVAL, OverrideKind, UnsubscribeScope, overrides
from models.staff.subaccounts_requests import subaccounts_requests
from models.staff.tables import StaffRole, staff
from tests.world.world import Account, Person, World

_VALUES: dict[OverrideKind, dict[str, Any]] = {
    OverrideKind.UNSUBSCRIBE_SCOPE: {"unsubscribe_scope": UnsubscribeScope.LIST.value},
    OverrideKind.SENDING_DOMAINS: {"sending_domains": 3},
    OverrideKind.FIELD_FUNCTIONS: {"field_functions": False},
}


SUPPORTED = frozenset({Permission.ACCOUNT_READ, Permission.STATISTICS_READ})
"""What USER_RIGHTS leaves of a person's rights below, where a test says nothing else."""


@dataclass(frozen=True)
class Override:
    """Something that staff set."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.OVERRIDE, self.key)


async def staff_member(
    world: World, role: StaffRole = StaffRole.AGENT, person: Person | None = None
) -> Person:
    """A person who is platform staff, and in no account."""
    person = person or await world.person(f"Staff {role.value}")
    async with world.database.begin() as connection:
        await connection.execute(insert(staff).values(user_id=person.key, role=role.value))
    return person


async def dismiss(world: World, person: Person) -> None:
    """The person is staff no more."""
    async with world.database.begin() as connection:
        await connection.execute(delete(staff).where(staff.c.user_id == person.key))


async def set_override(
    world: World,
    account: Account,
    kind: OverrideKind,
    maker: Person,
    *,
    approver: Person | None = None,
    ended: bool = False,
    days_left: int = 30,
    person: Person | None = None,
    **value: Any,
) -> Override:
    """What was set in the account; without `approver` one that needs approval waits. `person`: whose rights,
    of USER_RIGHTS; without one, of somebody who is no member."""
    if kind is OverrideKind.USER_RIGHTS:
        value = {"user_id": (person or maker).key, "rights_mask": mask_of(SUPPORTED)}
    key, now = new_id(), datetime.datetime.now(datetime.UTC)
    waits = kind in NEED_APPROVAL and approver is None
    async with world.database.begin() as connection:
        await connection.execute(
            insert(overrides).values(
                master_id=account.master,
                account_id=account.key,
                id=key,
                kind=kind.value,
                reason=f"Because of {kind.value}",
                made_by=maker.key,
                approved_by=approver and approver.key,
                in_force_from=None if waits else now,
                expires_at=now + datetime.timedelta(days=days_left),
                ended_by=maker.key if ended else None,
                ended_at=now if ended else None,
                **(value or _VALUES.get(kind, {})),
            )
        )
    if person is not None:
        await limit_below(world, account, person, SUPPORTED, now + datetime.timedelta(days=days_left))
    return Override(key)


async def limit_below(
    world: World,
    account: Account,
    person: Person,
    permissions: Set[Permission],
    until: datetime.datetime | None = None,
) -> None:
    """The person's membership carries that it gives these permissions at most below the account (R73)."""
    until = until or datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
    own = (memberships.c.account_id == account.key) & (memberships.c.user_id == person.key)
    limit = {"below_limit": mask_of(frozenset(permissions)), "below_limit_until": until}
    async with world.database.begin() as connection:
        await connection.execute(update(memberships).where(own).values(limit))


async def expire_override(world: World, override: Override) -> None:
    """Its time is over."""
    statement = update(overrides).where(overrides.c.id == override.key)
    async with world.database.begin() as connection:
        await connection.execute(
            statement.values(expires_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        )


async def ask_for_subaccounts(world: World, account: Account, declined_by: Person | None = None) -> str:
    """A request of the account's, open or declined. Its id."""
    key = new_id()
    answer: dict[str, Any] = {}
    if declined_by is not None:
        now = datetime.datetime.now(datetime.UTC)
        answer = {"answered_by": declined_by.key, "answered_at": now, "decline_reason": "Not yet."}
    async with world.database.begin() as connection:
        await connection.execute(
            insert(subaccounts_requests).values(
                master_id=account.master, account_id=account.key, id=key, reason="Branches.", **answer
            )
        )
    return present(Kind.SUBACCOUNTS_REQUEST, key)


async def answer_requests(world: World, account: Account, person: Person) -> None:
    """No request of the account's waits: an account has at most one that does."""
    request = subaccounts_requests.c
    waiting = and_(
        request.account_id == account.key, request.answered_at.is_(None), request.withdrawn_at.is_(None)
    )
    answer = {"answered_by": person.key, "answered_at": func.now(), "decline_reason": "Not yet."}
    async with world.database.begin() as connection:
        await connection.execute(update(subaccounts_requests).where(waiting).values(**answer))
