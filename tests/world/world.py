"""Trees of accounts with people and keys, written straight into the database.

Nothing of the rules is used here, so that a wrong rule cannot prepare its own test: only the tables,
the ids and the tokens.
"""

import datetime
import itertools
import uuid
from dataclasses import dataclass

from sqlalchemy import func, insert, literal, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS, Permission, mask_of
from models.accounts.tables import AccountStatus, RightsInheritance, account_closure, accounts
from models.api_keys.tables import api_keys
from models.base.ids import Kind, new_id, present
from models.members.tables import memberships
from models.people.sessions import sessions
from models.people.users import ownerships, users
from models.roles.tables import role_policy_lines, roles
from resolvers.people.passwords.new_passwords import HASHER
from tests.database.stored import rows_of_trees

PASSWORD = "correct horse battery"
_HASH = HASHER.hash(PASSWORD)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """A person with an open session."""

    key: uuid.UUID
    name: str
    email: str
    token: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.USER, self.key)


@dataclass(frozen=True)
class Account:
    """An account and its place in its tree."""

    key: uuid.UUID
    master: uuid.UUID
    name: str
    path: tuple[uuid.UUID, ...]
    """The accounts above it, the root first."""

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.ACCOUNT, self.key)


@dataclass(frozen=True)
class Member:
    """A person's membership."""

    key: uuid.UUID
    person: Person
    account: Account

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.MEMBER, self.key)

    @property
    def token(self) -> str:
        """The person's."""
        return self.person.token


@dataclass(frozen=True)
class ApiKey:
    """A key and its secret."""

    key: uuid.UUID
    token: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.API_KEY, self.key)


@dataclass(frozen=True)
class CustomRole:
    """A role of an account."""

    key: uuid.UUID
    name: str

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.ROLE, self.key)


SESSION_END = func.now() + literal(datetime.timedelta(days=30))
"""Where nobody limits it, use does not move it."""


class World:
    """Makes what a test needs. Names and addresses are never the same twice in a process."""

    def __init__(self, database: AsyncEngine) -> None:
        self.database = database

    async def person(
        self, name: str | None = None, email: str | None = None, *, verified: bool = True
    ) -> Person:
        """A person of no account, with the password PASSWORD; the address was proved, or not."""
        number = next(_numbers)
        key, token = new_id(), generate(TokenKind.SESSION)
        person = Person(
            key, name or f"Person {number}", email or f"person{number}-{key.hex[-8:]}@example.com", token
        )
        async with self.database.begin() as connection:
            await connection.execute(
                insert(users).values(
                    id=key,
                    name=person.name,
                    email=person.email,
                    email_canonical=person.email.lower(),
                    password_hash=_HASH,
                    email_verified_at=_in(days=-1) if verified else None,
                )
            )
            await connection.execute(
                insert(sessions).values(
                    id=new_id(), user_id=key, digest=digest_of(token), expires_at=SESSION_END
                )
            )
        return person

    async def account(self, parent: Account | None = None, name: str | None = None) -> Account:
        """A master account, or one below another. Nobody is in it."""
        key = new_id()
        made = Account(
            key,
            parent.master if parent else key,
            name or f"Account {next(_numbers)}",
            (*parent.path, parent.key) if parent else (),
        )
        async with self.database.begin() as connection:
            await connection.execute(
                insert(accounts).values(
                    master_id=made.master,
                    id=key,
                    parent_id=parent.key if parent else None,
                    name=made.name,
                )
            )
            closure = [
                {"master_id": made.master, "ancestor_id": ancestor, "descendant_id": key, "depth": depth}
                for depth, ancestor in enumerate((key, *reversed(made.path)))
            ]
            await connection.execute(insert(account_closure), closure)
        return made

    async def member(
        self,
        account: Account,
        role: BuiltinRole | CustomRole,
        person: Person | None = None,
        expires_at: datetime.datetime | None = None,
    ) -> Member:
        """A person with a role in the account; without `person`, a new one."""
        person = person or await self.person(f"{role.name.title()} of {account.name}")
        key = new_id()
        async with self.database.begin() as connection:
            await connection.execute(
                insert(memberships).values(
                    master_id=account.master,
                    account_id=account.key,
                    id=key,
                    user_id=person.key,
                    role_id=role_key(role),
                    expires_at=expires_at,
                )
            )
            if role is BuiltinRole.OWNER:
                await connection.execute(
                    insert(ownerships).values(
                        user_id=person.key, master_id=account.master, account_id=account.key
                    )
                )
        return Member(key, person, account)

    async def role(
        self,
        account: Account,
        permissions: str = "ACCOUNT_READ",
        permissions_below: str = "",
        name: str | None = None,
    ) -> CustomRole:
        """A role of the account, of permissions by their names: those where it is held, and those below."""
        role = CustomRole(new_id(), name or f"Role {next(_numbers)}")
        member, ancestor = (
            mask_of({Permission[name] for name in text.split()}) for text in (permissions, permissions_below)
        )
        masks = {"member": member, "ancestor": ancestor, "inherited": member & ~ancestor}
        lines = [
            {"role_id": role.key, "relation": relation, "area": permission.area.value}
            | {"action": permission.action, "effect": "allow"}
            for relation, mask in masks.items()
            for permission in Permission
            if mask & permission.bit
        ]
        async with self.database.begin() as connection:
            await connection.execute(
                insert(roles).values(
                    id=role.key,
                    master_id=account.master,
                    account_id=account.key,
                    name=role.name,
                    member_mask=member,
                    ancestor_mask=ancestor,
                    inherited_mask=member | ancestor,
                )
            )
            if lines:
                await connection.execute(insert(role_policy_lines), lines)
        return role

    async def api_key(
        self,
        account: Account,
        role: BuiltinRole | CustomRole = BuiltinRole.ADMINISTRATOR,
        scopes: int = ALL_PERMISSIONS,
        expires_at: datetime.datetime | None = None,
    ) -> ApiKey:
        """A key of the account."""
        key, secret = new_id(), generate(TokenKind.API_KEY)
        async with self.database.begin() as connection:
            await connection.execute(
                insert(api_keys).values(
                    master_id=account.master,
                    account_id=account.key,
                    id=key,
                    name=f"Key {next(_numbers)}",
                    digest=digest_of(secret),
                    last_four=secret[-4:],
                    role_id=role_key(role),
                    scopes=scopes,
                    expires_at=expires_at,
                )
            )
        return ApiKey(key, secret)

    async def set_status(self, account: Account, status: AccountStatus) -> None:
        """Suspend, close or resume the account."""
        await self._update_account(account, status=status.value)

    async def set_inheritance(self, account: Account, inheritance: RightsInheritance) -> None:
        """Say which roles of the account hold below it."""
        await self._update_account(account, rights_inheritance=inheritance.value)

    async def state(self, *roots: Account) -> object:
        """All that is stored of the trees, to compare before and after a refusal."""
        return await rows_of_trees(self.database, [root.master for root in roots])

    async def _update_account(self, account: Account, **values: str) -> None:
        statement = update(accounts).where(accounts.c.id == account.key).values(**values)
        async with self.database.begin() as connection:
            await connection.execute(statement)


def role_key(role: BuiltinRole | CustomRole) -> uuid.UUID:
    """As the database has it."""
    return role.id if isinstance(role, BuiltinRole) else role.key


def _in(**span: int) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(**span)
