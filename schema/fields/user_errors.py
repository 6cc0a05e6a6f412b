"""Expected failures, which payloads return as `userErrors`."""

from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLID, GraphQLResolveInfo, get_named_type

from authz.policy.permissions import Permission
from authz.policy.refusals import (
    Blocked,
    Blocker,
    InsufficientCredit,
    PermissionDenied,
    RateLimited,
    Refusal,
    RefusalCode,
    RoleTooWide,
    TryLater,
    VersionConflict,
)
from engine.base.marks import Public
from resolvers.credit.settlement import NotSettled, Obstacle, ObstacleKind
from schema.fields.amounts import MicroAmount


@strawberry.interface(
    description="The reason why a mutation changed nothing. Some codes have a type with more information.",
    directives=[Public()],
)
class UserError:
    code: RefusalCode = strawberry.field(description="The kind of failure, for programs.")
    field: list[str] | None = strawberry.field(
        description="The path of the input that caused it, such as [`input`, `email`]. Where an item of a "
        "list is at fault, the path ends with the item's position, from 0, such as [`input`, `ipRanges`, "
        "`2`]."
    )
    message: str = strawberry.field(description="An explanation for people.")


@strawberry.type(
    name="RefusedError",
    description="A failure with no more information than its code and message.",
    directives=[Public()],
)
class RefusedError(UserError):
    pass


@strawberry.type(
    name="PermissionDenied",
    description="FORBIDDEN: you can reach the account, but do not have the permission there.",
    directives=[Public()],
)
class PermissionDeniedError(UserError):
    permission: Permission = strawberry.field(description="The missing permission.")


@strawberry.type(
    name="VersionConflict",
    description="CONFLICT: it was changed since you read `expectedVersion`.",
    directives=[Public()],
)
class VersionConflictError(UserError):
    current_version: int = strawberry.field(description="The current version.")


@strawberry.type(
    name="RoleTooWide",
    description="ROLE_TOO_WIDE: the change would give or take permissions that you do not have.",
    directives=[Public()],
)
class RoleTooWideError(UserError):
    missing: list[Permission] = strawberry.field(
        description="The permissions that you lack in an account where the role applies."
    )
    missing_below: list[Permission] = strawberry.field(
        description="The permissions that you lack below such an account."
    )


@strawberry.type(
    name="InsufficientCredit",
    description="INSUFFICIENT_CREDIT: there is less credit than is needed.",
    directives=[Public()],
)
class InsufficientCreditError(UserError):
    available: MicroAmount | None = strawberry.field(
        description="The available credit; null if you may not see the account's credit."
    )


@strawberry.type(
    name="SettlementObstacle",
    description="Something that an account holds and that must be settled first.",
    directives=[Public()],
)
class SettlementObstacle:
    kind: ObstacleKind = strawberry.field(description="What must be settled.")
    count: int = strawberry.field(description="How many there are.")
    amount: MicroAmount | None = strawberry.field(
        description="The amount of credit; null if you may not see the account's credit."
    )


@strawberry.type(
    name="AccountNotSettled",
    description="ACCOUNT_NOT_SETTLED: something that the account holds must be settled first.",
    directives=[Public()],
)
class AccountNotSettledError(UserError):
    obstacles: list[SettlementObstacle] = strawberry.field(
        description="Everything that must be settled first."
    )


@strawberry.type(
    name="RateLimited",
    description="RATE_LIMITED: there were too many attempts. The response also has the header `Retry-After`.",
    directives=[Public()],
)
class RateLimitedError(UserError):
    retry_after: int = strawberry.field(description="The number of seconds to wait before trying again.")


@strawberry.type(
    name="Busy",
    description="BUSY: the server has too many such requests at the moment. Nothing was changed; send the "
    "same request again. The response also has the header `Retry-After`.",
    directives=[Public()],
)
class BusyError(UserError):
    retry_after: int = strawberry.field(description="The number of seconds to wait before trying again.")


@strawberry.type(name="Blocker", description="Something that blocks a mutation.", directives=[Public()])
class BlockerType:
    id: strawberry.ID = strawberry.field(description="Its global id, for `node`.")
    name: str = strawberry.field(description="The name of the account, person or key; or an e-mail address.")
    account_id: strawberry.ID = strawberry.field(description="The account that it is in, or that it is.")
    account_name: str = strawberry.field(description="That account's name.")


@strawberry.type(
    name="Blocked",
    description=(
        "Something else must change first; `blockers` lists it. ROLE_IN_USE: everything that has the role. "
        "HAS_SUBACCOUNTS: the open subaccounts. ALREADY_MEMBER: the member. ALREADY_SHARED: the share. "
        "CONFLICT: the account with that external id. GUARANTEE_TOO_LARGE: the accounts that limit the "
        "guarantee, or that other guarantees are for. SETTING_LOCKED: the account that locks the setting."
    ),
    directives=[Public()],
)
class BlockedError(UserError):
    blockers: list[BlockerType] = strawberry.field(description="At most 20 of the blockers that you may see.")
    more_blockers: bool = strawberry.field(description="Whether there are more that you may see.")


ERRORS = (
    RefusedError,
    PermissionDeniedError,
    RoleTooWideError,
    VersionConflictError,
    AccountNotSettledError,
    InsufficientCreditError,
    BlockedError,
    BusyError,
    RateLimitedError,
)


def user_error(refusal: Refusal, info: GraphQLResolveInfo[Any]) -> UserError:
    """The entry of `userErrors` for a refusal of the mutation."""
    field = refusal.field
    if field is None and refusal.code is RefusalCode.NOT_FOUND:
        field = _first_id(info.parent_type.fields[info.field_name])
    return error_at(refusal, None if field is None else ["input", *names_in(field)])


def error_at(refusal: Refusal, path: list[str] | None) -> UserError:
    """What clients see of a refusal. `path`: of what is at fault in the mutation's arguments."""
    shared: dict[str, Any] = {"code": refusal.code, "field": path, "message": refusal.message}
    match refusal:
        case PermissionDenied(permission=permission):
            return PermissionDeniedError(permission=permission, **shared)
        case RoleTooWide(missing=missing, missing_below=missing_below):
            return RoleTooWideError(missing=list(missing), missing_below=list(missing_below), **shared)
        case InsufficientCredit(available=available):
            return InsufficientCreditError(available=_amount(available), **shared)
        case NotSettled(obstacles=obstacles):
            return AccountNotSettledError(obstacles=[_obstacle(obstacle) for obstacle in obstacles], **shared)
        case Blocked(blockers=blockers, more=more):
            return BlockedError(
                blockers=[_blocker(found) for found in blockers], more_blockers=more, **shared
            )
        case RateLimited(retry_after=seconds):
            return RateLimitedError(retry_after=seconds, **shared)
        case TryLater(retry_after=seconds):
            return BusyError(retry_after=seconds, **shared)
        case VersionConflict(current_version=version):
            return VersionConflictError(current_version=version, **shared)
    return RefusedError(**shared)


def names_in(field: str) -> list[str]:
    """A refusal's field as a path: `attributes.a.b` is the attribute `a.b`."""
    return field.split(".", 1)


def _first_id(mutation: GraphQLField) -> str | None:
    """The input's field that names what the mutation is about. All others are named by what looks them up."""
    for argument in mutation.args.values():
        input_type = get_named_type(argument.type)
        for name, field in getattr(input_type, "fields", {}).items():
            if get_named_type(field.type) is GraphQLID:
                return str(name)
    return None


def _amount(amount: int | None) -> MicroAmount | None:
    return None if amount is None else MicroAmount(amount)


def _obstacle(obstacle: Obstacle) -> SettlementObstacle:
    return SettlementObstacle(kind=obstacle.kind, count=obstacle.count, amount=_amount(obstacle.amount))


def _blocker(found: Blocker) -> BlockerType:
    return BlockerType(
        id=strawberry.ID(found.id),
        name=found.name,
        account_id=strawberry.ID(found.account_id),
        account_name=found.account_name,
    )
