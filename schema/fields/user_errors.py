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
    description="Why a mutation changed nothing. Some codes have a type that tells more.",
    directives=[Public()],
)
class UserError:
    code: RefusalCode = strawberry.field(description="For programs.")
    field: list[str] | None = strawberry.field(
        description="The path of the input that caused it, such as [`input`, `email`]."
    )
    message: str = strawberry.field(description="For people.")


@strawberry.type(name="RefusedError", description="A failure that its code tells.", directives=[Public()])
class RefusedError(UserError):
    pass


@strawberry.type(
    name="PermissionDenied",
    description="FORBIDDEN: the account is in reach, the permission is not held there.",
    directives=[Public()],
)
class PermissionDeniedError(UserError):
    permission: Permission = strawberry.field(description="The permission that is missing.")


@strawberry.type(
    name="VersionConflict",
    description="CONFLICT: it was changed since `expectedVersion` was read.",
    directives=[Public()],
)
class VersionConflictError(UserError):
    current_version: int = strawberry.field(description="The version that it has now.")


@strawberry.type(
    name="RoleTooWide",
    description="ROLE_TOO_WIDE: more would be given, or taken, than you hold.",
    directives=[Public()],
)
class RoleTooWideError(UserError):
    missing: list[Permission] = strawberry.field(
        description="What you do not hold in an account where the role holds."
    )
    missing_below: list[Permission] = strawberry.field(
        description="What you do not hold below such an account."
    )


@strawberry.type(
    name="InsufficientCredit",
    description="INSUFFICIENT_CREDIT: less is there than would be taken.",
    directives=[Public()],
)
class InsufficientCreditError(UserError):
    available: MicroAmount | None = strawberry.field(
        description="What is there; null for who may not see the account's credit."
    )


@strawberry.type(
    name="SettlementObstacle",
    description="Something that an account holds, and that has to be settled first.",
    directives=[Public()],
)
class SettlementObstacle:
    kind: ObstacleKind = strawberry.field(description="What it is.")
    count: int = strawberry.field(description="How many of them there are.")
    amount: MicroAmount | None = strawberry.field(
        description="How much credit it is about; null for who may not see the account's credit."
    )


@strawberry.type(
    name="AccountNotSettled",
    description="ACCOUNT_NOT_SETTLED: what the account holds stands in the way.",
    directives=[Public()],
)
class AccountNotSettledError(UserError):
    obstacles: list[SettlementObstacle] = strawberry.field(description="All that stands in the way.")


@strawberry.type(
    name="RateLimited",
    description="RATE_LIMITED: it was tried too often. The response has the header `Retry-After` as well.",
    directives=[Public()],
)
class RateLimitedError(UserError):
    retry_after: int = strawberry.field(description="Try again after so many seconds.")


@strawberry.type(
    name="Busy",
    description="BUSY: too much of this is being done at the moment. Nothing was done; try the same again. "
    "The response has the header `Retry-After` as well.",
    directives=[Public()],
)
class BusyError(UserError):
    retry_after: int = strawberry.field(description="Try again after so many seconds.")


@strawberry.type(
    name="Blocker", description="Something that stands in the way of a mutation.", directives=[Public()]
)
class BlockerType:
    id: strawberry.ID = strawberry.field(description="Its global id, for `node`.")
    name: str = strawberry.field(description="The name of the account, person or key; or an e-mail address.")
    account_id: strawberry.ID = strawberry.field(description="The account that it is in, or is.")
    account_name: str = strawberry.field(description="That account's name.")


@strawberry.type(
    name="Blocked",
    description=(
        "Something else stands in the way. ROLE_IN_USE: who has the role. HAS_SUBACCOUNTS: the open ones. "
        "ALREADY_MEMBER: the member. ALREADY_SHARED: the share. CONFLICT: the account that has the external "
        "id. GUARANTEE_TOO_LARGE: the accounts that limit it, or that the guarantees are for."
    ),
    directives=[Public()],
)
class BlockedError(UserError):
    blockers: list[BlockerType] = strawberry.field(
        description="At most 20 of what stands in the way, as far as you may see it."
    )
    more_blockers: bool = strawberry.field(description="You may see others besides.")


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
