"""How a mutation runs: one transaction for the write, then its payload is read like any query."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import strawberry
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authz.callers.principals import Credentials
from authz.dry_runs.try_out import AccessChanges, try_out
from authz.guards.turns import OTHERS_AT_WORK, in_turn, write_in_turn
from authz.policy.permissions import Permission
from authz.policy.refusals import Busy, Refusal, RefusalCode
from authz.wall.row_security import enter
from engine.base.marks import Anonymous, Public, Requires, RequiresAny, StaffOnly
from engine.database.turns import Turn
from engine.declare.declarations import entity_of
from engine.declare.entity_objects import row_object
from engine.writes.sessions import WriteSession
from resolvers.effects.attempts import Limit, count, give_back
from schema.fields.access_changes import told
from schema.fields.context import ContextInfo, principal_of
from schema.fields.user_errors import UserError, user_error

T = TypeVar("T")


class Sqlstate(StrEnum):
    """PostgreSQL's reasons that are answers here."""

    SERIALIZATION_FAILURE = "40001"
    UNIQUE_VIOLATION = "23505"
    LOCK_NOT_AVAILABLE = "55P03"
    """Somebody else held a lock for as long as `lock_timeout`."""


OPEN: list[object] = [Public()]
"""The mark of what needs no permission, of somebody who is signed in."""

ANYBODY: list[object] = [Anonymous()]
"""The mark of what needs nobody to be signed in."""

STAFF_ONLY: list[object] = [StaffOnly()]
"""The mark of a mutation for the platform's staff; `authz.guards.staff` holds the door."""


def needs(permission: Permission) -> list[object]:
    """The mark of a mutation that needs the permission."""
    return [Requires(permission=permission.name)]


def needs_any(permissions: Iterable[Permission]) -> list[object]:
    """The mark of what needs one of the permissions; the input decides which."""
    return [RequiresAny(permissions=[permission.name for permission in permissions])]


def user_errors() -> Any:
    """The field that every payload has."""
    return strawberry.field(default_factory=list, description="Why nothing was changed; empty: it was done.")


def authz_revision() -> Any:
    """The field that every payload has; `perform` fills it."""
    return strawberry.field(
        default=None,
        description="Names the change. A read with it in the header `X-Authz-Min-Revision` contains it. "
        "Opaque; null where nothing was done.",
    )


def removed_id(what: str) -> Any:
    """The field that tells which object is gone, where the payload cannot show it any more."""
    return strawberry.field(
        default=None, description=f"The id of the {what} that is gone; null where nothing was done."
    )


def payload(type_: type[T], **values: object) -> T:
    """A payload: what its fields are read by (`carries`), and its plain fields."""
    carried = entity_of(type_).carries
    made = row_object(type_, {name: values.pop(name, None) for name in carried})
    for name, value in {"user_errors": list[UserError](), "authz_revision": None, **values}.items():
        setattr(made, name, value)
    return made


async def perform(
    info: ContextInfo,
    type_: type[T],
    write: Callable[[WriteSession], Awaitable[T]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[T], Credentials] | None = None,
    dry_run: bool = False,
    also_told: Sequence[str] = (),
) -> T:
    """The write's payload, or one that tells why it was refused; then nothing was written.

    `write` changes nothing but by its session: it may be called again (see `authz.guards.turns`).
    `limits` are counted first, in transactions of their own; those of failures alone are given back with what
    is done. `reads_as` tells as whom the payload is read,
    where that is not who asked: whoever has just signed up. A `dry_run` leaves nothing behind, so that it is
    not counted; its payload tells what would have changed, and of the write's own fields those `also_told`.
    """

    if dry_run:
        return await _try(info, type_, write, also_told)

    async def steps() -> T:
        return await committed(info, write, limits)

    return await perform_steps(info, type_, steps, limits, reads_as)


async def committed(
    info: ContextInfo, write: Callable[[WriteSession], Awaitable[T]], limits: Sequence[Limit]
) -> T:
    """What the write returns, once it is committed; the tries that count failures are given back with it.
    It may be called again (see `authz.guards.turns`)."""

    async def whole(session: WriteSession) -> T:
        done = await write(session)
        await give_back(session, (limit for limit in limits if limit.failures_only))
        return done

    revision, done = await write_in_turn(info.context.sessions, info.context.credentials, whole)
    done.authz_revision = revision  # type: ignore[attr-defined]  # every payload has it
    return done


async def perform_steps(
    info: ContextInfo,
    type_: type[T],
    steps: Callable[[], Awaitable[T]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[T], Credentials] | None = None,
) -> T:
    """The same for what needs several transactions, which it begins itself: because somebody outside is asked
    in between, while nothing is locked. What a refusal leaves behind, and the revision, is told by the steps.
    """
    # What an earlier change of the same request is read by must not hold a connection while this one waits.
    await info.context.reader.close()

    async def counted() -> T:
        for limit in limits:
            await count(info.context.sessions, limit)
        return await steps()

    done = await _done_or_refused(counted)
    if isinstance(done, Refusal):
        return refused(info, type_, done)
    credentials = info.context.credentials if reads_as is None else reads_as(done)
    binds = info.context.binds(credentials)
    await info.context.reader.renew(binds)
    await info.context.payloads.read(done, info._raw_info, binds)
    return done


async def _try(
    info: ContextInfo,
    type_: type[T],
    write: Callable[[WriteSession], Awaitable[T]],
    also_told: Sequence[str],
) -> T:
    await info.context.reader.close()
    undone: dict[str, object] = {}

    async def noted(session: WriteSession) -> None:
        done = await write(session)
        undone.update((name, getattr(done, name)) for name in also_told)

    async def steps() -> AccessChanges:
        return await in_turn(info.context.sessions, lambda turn: _tried_out(info, noted, turn))

    changes = await _done_or_refused(steps)
    if isinstance(changes, Refusal):
        return refused(info, type_, changes)
    return payload(type_, **told(changes), **undone)


async def _done_or_refused(steps: Callable[[], Awaitable[T]]) -> T | Refusal:
    try:
        return await steps()
    except Refusal as refusal:
        return refusal
    except PoolTimeoutError:
        return Busy("The server is busy")
    except DBAPIError as error:
        match getattr(error.orig, "sqlstate", None):
            case Sqlstate.UNIQUE_VIOLATION:
                return Refusal(RefusalCode.CONFLICT)
            case Sqlstate.LOCK_NOT_AVAILABLE:
                return Busy(OTHERS_AT_WORK)
            case _:
                raise


def refused(info: ContextInfo, type_: type[T], refusal: Refusal) -> T:
    """A payload that says why nothing was written; its other fields are null."""
    info.context.refusals.append(refusal)
    return payload(type_, user_errors=[user_error(refusal)])


async def _tried_out(
    info: ContextInfo, write: Callable[[WriteSession], Awaitable[object]], turn: Turn
) -> AccessChanges:
    """What the write would change of access. Raises what it raises, and CONFLICT where another write came in
    between: what is told is of one snapshot."""
    async with info.context.sessions.try_out(turn) as session:
        await enter(session, info.context.credentials)
        try:
            return await try_out(session, principal_of(info), write)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != Sqlstate.SERIALIZATION_FAILURE:
                raise
            raise Refusal(RefusalCode.CONFLICT) from error
