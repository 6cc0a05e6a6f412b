"""Expected failures, as members of a payload."""

import strawberry

from authz.policy.permissions import Permission
from authz.policy.refusals import (
    Blocked,
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
        description="The path of the input that caused it, such as [`input`, `email`]."
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
        "Something else must change first; `blockers` lists it. ROLE_IN_USE: everything that has the "
        "role. HAS_SUBACCOUNTS: the open subaccounts. ALREADY_MEMBER: the member. ALREADY_SHARED: "
        "the share. CONFLICT: the account with that external id. GUARANTEE_TOO_LARGE: the accounts "
        "that limit the guarantee, or that other guarantees are for."
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


def user_error(refusal: Refusal) -> UserError:
    """The payload's member that tells of the refusal."""
    path = None if refusal.field is None else ["input", refusal.field]
    if isinstance(refusal, PermissionDenied):
        return PermissionDeniedError(
            code=refusal.code, field=path, message=refusal.message, permission=refusal.permission
        )
    if isinstance(refusal, RoleTooWide):
        return RoleTooWideError(
            code=refusal.code,
            field=path,
            message=refusal.message,
            missing=list(refusal.missing),
            missing_below=list(refusal.missing_below),
        )
    if isinstance(refusal, InsufficientCredit):
        available = None if refusal.available is None else MicroAmount(refusal.available)
        return InsufficientCreditError(
            code=refusal.code, field=path, message=refusal.message, available=available
        )
    if isinstance(refusal, NotSettled):
        return AccountNotSettledError(
            code=refusal.code,
            field=path,
            message=refusal.message,
            obstacles=[_obstacle(obstacle) for obstacle in refusal.obstacles],
        )
    if isinstance(refusal, Blocked):
        return BlockedError(
            code=refusal.code,
            field=path,
            message=refusal.message,
            blockers=[
                BlockerType(
                    id=strawberry.ID(found.id),
                    name=found.name,
                    account_id=strawberry.ID(found.account_id),
                    account_name=found.account_name,
                )
                for found in refusal.blockers
            ],
            more_blockers=refusal.more,
        )
    if isinstance(refusal, TryLater):
        type_ = RateLimitedError if isinstance(refusal, RateLimited) else BusyError
        return type_(code=refusal.code, field=path, message=refusal.message, retry_after=refusal.retry_after)
    if isinstance(refusal, VersionConflict):
        return VersionConflictError(
            code=refusal.code, field=path, message=refusal.message, current_version=refusal.current_version
        )
    return RefusedError(code=refusal.code, field=path, message=refusal.message)


def _obstacle(obstacle: Obstacle) -> SettlementObstacle:
    amount = None if obstacle.amount is None else MicroAmount(obstacle.amount)
    return SettlementObstacle(kind=obstacle.kind, count=obstacle.count, amount=amount)
