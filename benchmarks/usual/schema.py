"""The part of Mandant's schema that the measured operations need."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import strawberry
from strawberry.extensions import ParserCache, ValidationCache

from authz.policy.permissions import Permission
from benchmarks.usual import tables
from benchmarks.usual.loaders import Loaders
from benchmarks.usual.loaders import Member as LoadedMember
from benchmarks.usual.reach import Reached
from benchmarks.usual.writes import Refused, Transfer, Writes

_DOCUMENTS = 1000
"""Parsed and validated ones that are kept."""


@dataclass(frozen=True)
class Context:
    """Of one request."""

    loaders: Loaders
    writes: Writes


Info = strawberry.Info[Context, None]


@strawberry.enum
class AccountKind(enum.Enum):
    MASTER = "MASTER"
    SUBACCOUNT = "SUBACCOUNT"


@strawberry.enum
class AccountStatus(enum.Enum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


@strawberry.type
class Role:
    name: str


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    email: str


@strawberry.type
class Member:
    id: strawberry.ID
    role: Role
    user_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, loaded: LoadedMember) -> "Member":
        membership, role = loaded
        return cls(
            id=strawberry.ID(f"memb_{membership.id}"), role=Role(name=role), user_id=membership.user_id
        )

    @strawberry.field
    async def user(self, info: Info) -> User:
        found: tables.User = await info.context.loaders.users.load(self.user_id)
        return User(id=strawberry.ID(f"user_{found.id}"), name=found.name, email=found.email)


@strawberry.type
class MemberConnection:
    nodes: list[Member]


@strawberry.type
class Account:
    id: strawberry.ID
    name: str
    kind: AccountKind
    status: AccountStatus
    version: int
    reached: strawberry.Private[Reached]

    @classmethod
    def of(cls, reached: Reached) -> "Account":
        account = reached.account
        return cls(
            id=strawberry.ID(f"acct_{account.id}"),
            name=account.name,
            kind=AccountKind.MASTER if account.parent_id is None else AccountKind.SUBACCOUNT,
            status=AccountStatus(reached.status),
            version=account.version,
            reached=reached,
        )

    @strawberry.field
    async def parent(self, info: Info) -> "Account | None":
        parent_id = self.reached.account.parent_id
        found = None if parent_id is None else await info.context.loaders.accounts.load(parent_id)
        return None if found is None else Account.of(found)

    @strawberry.field
    async def members(self, info: Info, first: int) -> MemberConnection | None:
        if not self.reached.granted & Permission.MEMBERS_READ.bit:
            return None
        found = await info.context.loaders.members.load((self.reached.account.id, first))
        return MemberConnection(nodes=[Member.of(one) for one in found])

    @strawberry.field
    def viewer_permissions(self) -> list[str]:
        return _names(self.reached.permissions)


@strawberry.type
class AccountConnection:
    nodes: list[Account]


@strawberry.type
class Viewer:
    @strawberry.field
    async def accounts(self, info: Info, first: int) -> AccountConnection:
        found: Sequence[Reached] = await info.context.loaders.first_accounts(first)
        return AccountConnection(nodes=[Account.of(one) for one in found])


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self) -> Viewer:
        return Viewer()

    @strawberry.field
    async def account(self, info: Info, id: strawberry.ID) -> Account | None:
        found = await info.context.loaders.accounts.load(_uuid(id))
        return None if found is None else Account.of(found)


@strawberry.input
class AccountUpdateInput:
    account_id: strawberry.ID
    expected_version: int
    name: str


@strawberry.type
class AccountPayload:
    account: Account | None


@strawberry.input
class CreditTransferInput:
    from_account_id: strawberry.ID
    to_account_id: strawberry.ID
    amount: str
    idempotency_key: str
    memo: str | None = None


@strawberry.type
class CreditTransferPayload:
    replayed: bool
    from_account: Account | None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def account_update(self, info: Info, input: AccountUpdateInput) -> AccountPayload:
        try:
            changed = await info.context.writes.rename(
                _uuid(input.account_id), input.expected_version, input.name
            )
        except Refused:
            return AccountPayload(account=None)
        return AccountPayload(account=Account.of(changed))

    @strawberry.mutation
    async def credit_transfer(self, info: Info, input: CreditTransferInput) -> CreditTransferPayload:
        source, target = _uuid(input.from_account_id), _uuid(input.to_account_id)
        asked = Transfer(source, target, int(input.amount), input.memo, input.idempotency_key)
        try:
            replayed, giving = await info.context.writes.transfer(asked)
        except Refused:
            return CreditTransferPayload(replayed=False, from_account=None)
        return CreditTransferPayload(replayed=replayed, from_account=Account.of(giving))


schema = strawberry.Schema(
    Query,
    Mutation,
    extensions=[lambda: ParserCache(maxsize=_DOCUMENTS), lambda: ValidationCache(maxsize=_DOCUMENTS)],
)


@cache
def _names(mask: int) -> list[str]:
    return [permission.name for permission in Permission if mask & permission.bit]


def _uuid(global_id: str) -> UUID:
    return UUID(global_id.removeprefix("acct_"))
