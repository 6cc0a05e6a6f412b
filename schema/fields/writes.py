"""How a mutation runs: one transaction for the write, then one read for its payload."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from graphql import FieldNode
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authz.callers.principals import ANONYMOUS, Credentials, UnknownCallerError
from authz.dry_runs.try_out import AccessChanges, try_out
from authz.guards.turns import OTHERS_AT_WORK, in_turn, write_in_turn
from authz.policy.refusals import Busy, NotFound, Refusal, RefusalCode
from authz.wall.freshness import Revision
from authz.wall.row_security import enter
from engine.base.marks import Anonymous
from engine.database.turns import Turn
from engine.writes.sessions import WriteSession
from resolvers.effects.attempts import Limit, count_attempt, give_attempts_back
from resolvers.promises.broken import Broken, refusal_of
from schema.fields.context import ContextInfo, nobody, principal_of
from schema.fields.directives import directives_of
from schema.fields.dry_runs import access_fields
from schema.fields.payloads import P, payload
from schema.fields.user_errors import user_error

T = TypeVar("T")
C = TypeVar("C")
D = TypeVar("D")


class Sqlstate(StrEnum):
    """PostgreSQL error codes that become refusals."""

    SERIALIZATION_FAILURE = "40001"
    UNIQUE_VIOLATION = "23505"
    PROMISE_BROKEN = "MP001"
    """Our own, of `mandant_check_promises`."""
    LOCK_NOT_AVAILABLE = "55P03"
    """Somebody else held a lock for as long as `lock_timeout`."""


async def perform(
    info: ContextInfo,
    type_: type[P],
    write: Callable[[WriteSession], Awaitable[P]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[P], Credentials] | None = None,
    dry_run: bool = False,
) -> P:
    """The write's payload, or one that tells why it was refused; then nothing was written.

    `write` changes nothing but by its session: it may be called again (see `authz.guards.turns`).
    `limits` are counted first, in transactions of their own; those that count failures alone are given back
    if the write succeeds. `reads_as` returns the credentials that the payload is read with, where they are
    not the caller's: of a person who has just signed up. A `dry_run` changes nothing and is not counted; its
    payload says what would change of access, and has the fields that its type names in `dry_runs_tell`.

    The payload is read in the same transaction. So where it cannot be read, nothing was written.
    """

    if dry_run:
        return await _try(info, type_, write)
    if limits:
        await info.context.proof.ask()
    await info.context.reader.close()
    payloads = info.context.payloads
    read = await payloads.planned(type_, info._raw_info)

    async def whole(session: WriteSession) -> P:
        done = await write(session)
        await _give_back(session, limits)
        await payloads.read_within(session, done, read, _binds(info, done, reads_as))
        return done

    async def steps() -> P:
        return await _committed(info, whole)

    done = await _done_or_refused(info, _counted(info, steps, limits))
    if isinstance(done, Refusal):
        return refused(info, type_, done)
    payloads.settle(done, read)
    await info.context.reader.renew(_binds(info, done, reads_as))
    return done


async def committed(
    info: ContextInfo, write: Callable[[WriteSession], Awaitable[P]], limits: Sequence[Limit]
) -> P:
    """What the write returns, after the commit.

    Limits that count only failures get this attempt back. The write may run again (see `authz.guards.turns`).
    """

    async def whole(session: WriteSession) -> P:
        done = await write(session)
        await _give_back(session, limits)
        return done

    return await _committed(info, whole)


async def perform_steps(
    info: ContextInfo,
    type_: type[P],
    steps: Callable[[], Awaitable[P]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[P], Credentials] | None = None,
) -> P:
    """Like `perform`, for a mutation that runs several transactions because it asks an external service in
    between, while it holds no locks. The steps store what a refusal leaves behind, and set the revision. The
    payload is read after them."""
    await info.context.proof.ask()
    # What an earlier change of the same request is read by must not hold a connection while this one waits.
    await info.context.reader.close()
    done = await _done_or_refused(info, _counted(info, steps, limits))
    if isinstance(done, Refusal):
        return refused(info, type_, done)
    payloads, binds = info.context.payloads, _binds(info, done, reads_as)
    read = await payloads.planned(type_, info._raw_info)
    await payloads.read_after(done, read, binds)
    payloads.settle(done, read)
    await info.context.reader.renew(binds)
    return done


@dataclass(frozen=True)
class Gathered(Generic[C]):
    """A command that may share its transaction with others of the same key (see `authz.guards.gathering`)."""

    key: Hashable
    command: C
    size: int


async def perform_gathered(
    info: ContextInfo,
    type_: type[P],
    gathered: Gathered[C],
    most: int,
    write: Callable[[WriteSession, Sequence[C]], Awaitable[Sequence[D]]],
    answered: Callable[[D], P],
) -> P:
    """Like `perform`, for what a busy caller does most. `write` carries out one or more commands, as many as
    have `most` as the sum of their sizes, and returns what became of each. The payload has nothing to be
    read."""
    sessions, credentials = info.context.sessions, info.context.credentials
    await info.context.reader.close()
    if _is_alone(info):
        info.context.give_way()

    async def together(commands: Sequence[C]) -> list[tuple[Revision, D]]:
        revision, done = await write_in_turn(sessions, credentials, lambda session: write(session, commands))
        return [(revision, each) for each in done]

    async def steps() -> P:
        gathering = info.context.gathering
        revision, done = await gathering.run(gathered.key, gathered.command, gathered.size, most, together)
        info.context.proof.was_given()
        made = answered(done)
        made.authz_revision = revision
        return made

    done = await _done_or_refused(info, steps)
    if isinstance(done, Refusal):
        return refused(info, type_, done)
    await info.context.reader.renew(_binds(info, done, None))
    return done


def _is_alone(info: ContextInfo) -> bool:
    """Whether the operation consists of this field."""
    selections = info._raw_info.operation.selection_set.selections
    return len(selections) == 1 and isinstance(selections[0], FieldNode)


async def _committed(info: ContextInfo, write: Callable[[WriteSession], Awaitable[P]]) -> P:
    sessions, proof = info.context.sessions, info.context.proof
    try:
        revision, done = await write_in_turn(sessions, info.context.credentials, write)
    except UnknownCallerError:
        if not proof.is_given or not _is_for_everybody(info):
            raise
        # The token ended by an earlier change of the request, and this one needs none.
        revision, done = await write_in_turn(sessions, ANONYMOUS, write)
    proof.was_given()
    done.authz_revision = revision
    return done


def _is_for_everybody(info: ContextInfo) -> bool:
    field = info._raw_info.parent_type.fields[info._raw_info.field_name]
    return any(isinstance(mark, Anonymous) for mark in directives_of(field))


async def _give_back(session: WriteSession, limits: Sequence[Limit]) -> None:
    await give_attempts_back(session, (limit for limit in limits if limit.failures_only))


def _counted(
    info: ContextInfo, steps: Callable[[], Awaitable[P]], limits: Sequence[Limit]
) -> Callable[[], Awaitable[P]]:
    async def counted() -> P:
        for limit in limits:
            await count_attempt(info.context.sessions, limit)
        return await steps()

    return counted


def _binds(info: ContextInfo, done: P, reads_as: Callable[[P], Credentials] | None) -> dict[str, Any]:
    """The values that the payload is read with."""
    return info.context.binds(info.context.credentials if reads_as is None else reads_as(done))


async def _try(info: ContextInfo, type_: type[P], write: Callable[[WriteSession], Awaitable[P]]) -> P:
    await info.context.reader.close()
    undone: dict[str, object] = {}

    async def noted(session: WriteSession) -> None:
        done = await write(session)
        undone.update((name, getattr(done, name)) for name in type_.dry_runs_tell)

    async def steps() -> AccessChanges:
        return await in_turn(info.context.sessions, lambda turn: _tried_out(info, noted, turn))

    changes = await _done_or_refused(info, steps)
    if isinstance(changes, Refusal):
        return refused(info, type_, changes)
    return payload(type_, **access_fields(changes), **undone)


async def _done_or_refused(info: ContextInfo, steps: Callable[[], Awaitable[T]]) -> T | Refusal:
    try:
        return await steps()
    except Refusal as refusal:
        return refusal
    except UnknownCallerError as error:
        if not info.context.proof.is_given:
            raise nobody() from error
        # The token ended by an earlier change of the request, whose payload must be answered.
        return NotFound()
    except PoolTimeoutError:
        return Busy("The server is busy")
    except DBAPIError as error:
        match getattr(error.orig, "sqlstate", None):
            case Sqlstate.UNIQUE_VIOLATION:
                return Refusal(RefusalCode.CONFLICT)
            case Sqlstate.PROMISE_BROKEN:
                return await _broken_promise(info, error)
            case Sqlstate.LOCK_NOT_AVAILABLE:
                return Busy(OTHERS_AT_WORK)
            case _:
                raise


async def _broken_promise(info: ContextInfo, error: DBAPIError) -> Refusal:
    """The change is undone already."""
    principal, detail = info.context.principal, getattr(error.orig, "detail", None)
    if principal is None or not isinstance(detail, str):
        return Refusal(RefusalCode.PROMISE_BROKEN)
    async with info.context.sessions.begin() as session:
        return await refusal_of(session, principal, Broken.read(detail), info.field_name)


def refused(info: ContextInfo, type_: type[P], refusal: Refusal) -> P:
    """A payload with the reason why nothing was written; its other fields are null."""
    info.context.refusals.append(refusal)
    return payload(type_, user_errors=[user_error(refusal, info._raw_info)])


async def _tried_out(
    info: ContextInfo, write: Callable[[WriteSession], Awaitable[object]], turn: Turn
) -> AccessChanges:
    """How the write would change access.

    Raises what the write raises, and CONFLICT if another write interfered: all changes are from one snapshot.
    """
    async with info.context.sessions.try_out(turn) as session:
        await enter(session, info.context.credentials)
        try:
            return await try_out(session, principal_of(info), write)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != Sqlstate.SERIALIZATION_FAILURE:
                raise
            raise Refusal(RefusalCode.CONFLICT) from error
