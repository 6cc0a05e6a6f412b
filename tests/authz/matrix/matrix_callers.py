"""Every kind of caller, around one account in the middle of a tree.

parent ── account ── child
      └── sibling                elsewhere: another tree
"""

import itertools
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from authz.callers.tokens import TokenKind, generate
from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance, accounts
from models.invitations.tables import invitations
from models.members.tables import memberships
from models.people.users import ownerships
from models.shares.tables import shares
from models.staff.tables import StaffRole
from tests.areas.sessions.stored import give_limits
from tests.authz.cases.moments import NEXT_MONTH, PAST, expire_key, expire_session, hash_quickly, revoke_key
from tests.client.api import Caller
from tests.client.links import end_all_openings, forget_requests, set_parent_access
from tests.world.shares import Given, Share, give_share
from tests.world.staff import staff_member
from tests.world.world import Account, ApiKey, CustomRole, Member, Person, World

ANONYMOUS = frozenset({"anonymous"})
NOT_ACCEPTED = frozenset(
    {"malformed_token", "unknown_token", "expired_session", "revoked_key", "expired_key"}
)
"""They carry a token that opens nothing (any more)."""
STAFF = frozenset({"staff_agent", "staff_approver"})
"""Of the platform: in the accounts they are strangers."""
OUTSIDE_PEOPLE = STAFF | frozenset(
    {
        "newcomer",
        "stranger",
        "former_member",
        "sibling_administrator",
        "child_administrator",
        "parent_finance",
    }
)
OUTSIDE_KEYS = frozenset({"key_elsewhere", "key_of_sibling"})
OUTSIDE = OUTSIDE_PEOPLE | OUTSIDE_KEYS
"""For them the account is not there."""
GUESTS = frozenset({"guest", "guest_administrator"})
"""With whom nothing but the account is shared: a marketer's rights, and an administrator's."""
MEMBERS = frozenset(role.name.lower() for role in BuiltinRole)
"""Members of the account, one in every built-in role."""
TEMPORARY_PEOPLE = frozenset({"temporary_administrator"})
TEMPORARY_KEYS = frozenset({"expiring_key"})
TEMPORARY = TEMPORARY_PEOPLE | TEMPORARY_KEYS
"""Administrators of the account, until next month."""
KEYS = TEMPORARY_KEYS | {"key_administrator", "key_analyst"}
"""Keys of the account."""
ABOVE_PEOPLE = frozenset({"parent_administrator"})
ABOVE_KEYS = frozenset({"key_of_parent"})
INSIDE = MEMBERS | TEMPORARY | GUESTS | KEYS | ABOVE_PEOPLE | ABOVE_KEYS
"""They can read the account; what else, depends."""
PEOPLE = OUTSIDE_PEOPLE | MEMBERS | TEMPORARY_PEOPLE | GUESTS | ABOVE_PEOPLE
PROGRAMS = OUTSIDE_KEYS | KEYS | ABOVE_KEYS

LASTING_MANAGERS = frozenset({"owner", "administrator", "key_administrator", *ABOVE_PEOPLE, *ABOVE_KEYS})
"""They hold what administrators hold in the account, by themselves and for good."""
OWN_MANAGERS = LASTING_MANAGERS | TEMPORARY
"""They hold it by themselves."""
MANAGERS = OWN_MANAGERS | {"guest_administrator"}
"""They hold it, by whatever way."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bearer:
    """Somebody of whom nothing is known but a token."""

    token: str


class Stage:
    """The trees, the callers by name, and fresh things in the account to be changed."""

    parent: Account
    account: Account
    child: Account
    sibling: Account
    elsewhere: Account
    members: dict[str, Member]
    shares: dict[str, Share]
    callers: dict[str, Caller | None]

    def __init__(self, world: World) -> None:
        self.world = world

    @classmethod
    async def of(cls, world: World) -> "Stage":
        """Set it up."""
        stage = cls(world)
        stage.parent = await world.account()
        stage.account = await world.account(stage.parent)
        stage.child = await world.account(stage.account)
        stage.sibling = await world.account(stage.parent)
        stage.elsewhere = await world.account()
        await give_limits(world, stage.parent, idle_minutes=40_000, maximum_minutes=40_000)
        await stage._add_people()
        await stage._add_tokens()
        return stage

    async def _add_people(self) -> None:
        world = self.world
        administrator = BuiltinRole.ADMINISTRATOR
        self.members = {role.name.lower(): await world.member(self.account, role) for role in BuiltinRole}
        self.members["stranger"] = await world.member(self.elsewhere, BuiltinRole.OWNER)
        self.members["temporary_administrator"] = await world.member(
            self.account, administrator, expires_at=NEXT_MONTH
        )
        self.members["former_member"] = await world.member(self.account, administrator, expires_at=PAST)
        self.members["sibling_administrator"] = await world.member(self.sibling, administrator)
        self.members["child_administrator"] = await world.member(self.child, administrator)
        self.members["parent_administrator"] = await world.member(self.parent, administrator)
        self.members["parent_finance"] = await world.member(self.parent, BuiltinRole.FINANCE)
        self.callers = dict(self.members)
        self.callers["newcomer"] = await world.person()
        for role in StaffRole:
            self.callers[f"staff_{role.name.lower()}"] = await staff_member(world, role)
        await self._add_guests()
        for caller in self.callers.values():
            person = caller.person if isinstance(caller, Member) else caller
            assert isinstance(person, Person)
            await hash_quickly(world.database, person)

    async def _add_guests(self) -> None:
        giver = self.members["owner"].person
        self.shares = {}
        for name, role in zip(sorted(GUESTS), (BuiltinRole.MARKETER, BuiltinRole.ADMINISTRATOR), strict=True):
            self.callers[name] = guest = await self.world.person()
            self.shares[name] = await give_share(self.world, [self.account], guest, giver, Given(role))

    async def _add_tokens(self) -> None:
        world = self.world
        expired, revoked_key, expired_key = (
            await world.member(self.account, BuiltinRole.ADMINISTRATOR),
            await world.api_key(self.account),
            await world.api_key(self.account),
        )
        await expire_session(world.database, expired.person)
        await revoke_key(world.database, revoked_key)
        await expire_key(world.database, expired_key)
        self.callers |= {
            "anonymous": None,
            "malformed_token": Bearer("mds_nonsense"),
            "unknown_token": Bearer(generate(TokenKind.SESSION)),
            "expired_session": expired,
            "revoked_key": revoked_key,
            "expired_key": expired_key,
            "key_administrator": await world.api_key(self.account),
            "expiring_key": await world.api_key(self.account, expires_at=NEXT_MONTH),
            "key_analyst": await world.api_key(self.account, BuiltinRole.ANALYST),
            "key_of_parent": await world.api_key(self.parent),
            "key_of_sibling": await world.api_key(self.sibling),
            "key_elsewhere": await world.api_key(self.elsewhere),
        }

    @property
    def tree(self) -> tuple[Account, ...]:
        """The account's whole tree."""
        return self.parent, self.account, self.child, self.sibling

    @property
    def newcomer(self) -> Person:
        """The person who is nobody anywhere."""
        person = self.callers["newcomer"]
        assert isinstance(person, Person)
        return person

    async def state(self) -> object:
        """All that is stored of both trees."""
        return await self.world.state(self.parent, self.elsewhere)

    async def close_children(self) -> None:
        """The accounts below are closed, so that the account can be."""
        await self._set_status(accounts.c.parent_id == self.account.key, AccountStatus.CLOSED)

    async def reopen(self) -> None:
        """The account, the one above it and those below it are active, and everything passes down to it."""
        near = accounts.c.id.in_([self.account.key, self.parent.key])
        await self._set_status(near | (accounts.c.parent_id == self.account.key), AccountStatus.ACTIVE)
        await self.restore_link()

    async def pass_all_roles(self) -> None:
        """All of the account's roles hold below it."""
        await self.world.set_inheritance(self.account, RightsInheritance.ALL_ROLES)

    async def restore_link(self) -> None:
        """Everything passes down to the account; nothing is asked for, and no glass is broken."""
        await forget_requests(self.world, self.account)
        await end_all_openings(self.world, self.account)
        await set_parent_access(self.world, self.account, ParentAccess.FULL)

    async def _set_status(self, which: ColumnElement[bool], status: AccountStatus) -> None:
        async with self.world.database.begin() as connection:
            await connection.execute(update(accounts).where(which).values(status=status.value))

    async def marketer(self) -> Member:
        """One more member of the account, to be changed or removed."""
        return await self.world.member(self.account, BuiltinRole.MARKETER)

    async def key(self) -> ApiKey:
        """One more key of the account, to be rotated or revoked."""
        return await self.world.api_key(self.account, BuiltinRole.DEVELOPER)

    async def role(self) -> CustomRole:
        """One more role of the account, to be changed or deleted."""
        return await self.world.role(self.account)

    async def version(self) -> int:
        """The account's version now."""
        statement = select(accounts.c.version).where(accounts.c.id == self.account.key)
        async with self.world.database.connect() as connection:
            found: int = (await connection.execute(statement)).scalar_one()
        return found

    async def restore_owner(self) -> None:
        """The account has its one owner again."""
        owner = self.members["owner"]
        of_account = ownerships.c.account_id == self.account.key
        others = (memberships.c.account_id == self.account.key) & (memberships.c.id != owner.key)
        async with self.world.database.begin() as connection:
            await connection.execute(delete(ownerships).where(of_account))
            await connection.execute(
                insert(ownerships).values(
                    user_id=owner.person.key, master_id=self.account.master, account_id=self.account.key
                )
            )
            await connection.execute(
                update(memberships)
                .where(others, memberships.c.role_id == BuiltinRole.OWNER.id)
                .values(role_id=BuiltinRole.MARKETER.id)
            )
            await connection.execute(
                update(memberships).where(memberships.c.id == owner.key).values(role_id=BuiltinRole.OWNER.id)
            )

    async def restore_share(self, name: str) -> None:
        """What a guest has given back is shared again."""
        statement = update(shares).where(shares.c.id == self.shares[name].key)
        async with self.world.database.begin() as connection:
            await connection.execute(statement.values(revoked_at=None))

    async def revoke_shares(self, person: Person) -> None:
        """Nothing is shared with the person."""
        statement = update(shares).where(shares.c.email_canonical == person.email)
        async with self.world.database.begin() as connection:
            await connection.execute(statement.values(revoked_at=func.now()))

    async def share(self, person: Person | None = None) -> Share:
        """One more share of the account, to be changed, ended or, by this person, accepted."""
        giver = self.members["owner"].person
        given = Given(BuiltinRole.ANALYST, accepted=person is None)
        return await give_share(self.world, [self.account], person or await self.world.person(), giver, given)

    async def restore_member(self, name: str) -> None:
        """A member who has left is one again."""
        member = self.members[name]
        role = BuiltinRole[name.upper().removeprefix("TEMPORARY_")]
        end = NEXT_MONTH if name in TEMPORARY else None
        self.members[name] = await self.world.member(self.account, role, member.person, expires_at=end)

    async def withdraw_invitations(self) -> None:
        """Nobody is invited to the account: an address has at most one open invitation."""
        statement = update(invitations).where(invitations.c.account_id == self.account.key)
        async with self.world.database.begin() as connection:
            await connection.execute(statement.values(revoked_at=func.now()))

    async def remove(self, person: Person) -> None:
        """A person who has joined is no member again."""
        mine = (memberships.c.account_id == self.account.key) & (memberships.c.user_id == person.key)
        async with self.world.database.begin() as connection:
            await connection.execute(delete(memberships).where(mine))


def once() -> str:
    """A text that was never used before in this process."""
    return f"once-{next(_numbers)}"
