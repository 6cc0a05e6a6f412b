"""How a mutation runs: one transaction for the write, then its payload is read like any query."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import strawberry
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from authz.permissions import Permission
from authz.principals import Credentials
from authz.refusals import Refusal, RefusalCode
from authz.row_security import enter
from engine.declarations import entity_of, row_object
from engine.rules import Public, Requires
from resolvers.attempts import Limit, count
from schema.context import ContextInfo
from schema.user_errors import UserError, user_error

T = TypeVar("T")

UNIQUE_VIOLATION = "23505"

OPEN: list[object] = [Public()]
"""The mark of a mutation that needs no permission."""


def needs(permission: Permission) -> list[object]:
    """The mark of a mutation that needs the permission."""
    return [Requires(permission=permission.name)]


def user_errors() -> Any:
    """The field that every payload has."""
    return strawberry.field(default_factory=list, description="Why nothing was changed; empty: it was done.")


def payload(type_: type[T], **values: object) -> T:
    """A payload: what its fields are read by (`carries`), and its plain fields."""
    carried = entity_of(type_).carries
    made = row_object(type_, {name: values.pop(name, None) for name in carried})
    for name, value in {"user_errors": list[UserError](), **values}.items():
        setattr(made, name, value)
    return made


async def perform(
    info: ContextInfo,
    type_: type[T],
    write: Callable[[AsyncSession], Awaitable[T]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[T], Credentials] | None = None,
) -> T:
    """The write's payload, or one that tells why it was refused; then nothing was written.

    `limits` are counted first, in transactions of their own. `reads_as` tells as whom the payload is read,
    where that is not who asked: whoever has just signed up.
    """

    async def in_one_transaction() -> T:
        async with info.context.sessions.begin() as session:
            await enter(session, info.context.credentials)
            return await write(session)

    return await perform_steps(info, type_, in_one_transaction, limits, reads_as)


async def perform_steps(
    info: ContextInfo,
    type_: type[T],
    steps: Callable[[], Awaitable[T]],
    limits: Sequence[Limit] = (),
    reads_as: Callable[[T], Credentials] | None = None,
) -> T:
    """The same for what needs several transactions, which it begins itself: because somebody outside is asked
    in between, while nothing is locked. What a refusal leaves behind is told by the steps."""
    # What an earlier change of the same request is read by must not hold a connection while this one waits.
    await info.context.reader.close()
    try:
        for limit in limits:
            await _count(info, limit)
        done = await steps()
    except Refusal as refusal:
        return refused(type_, refusal)
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != UNIQUE_VIOLATION:
            raise
        return refused(type_, Refusal(RefusalCode.CONFLICT))
    credentials = info.context.credentials if reads_as is None else reads_as(done)
    await info.context.reader.renew(credentials.binds)
    await info.context.payloads.read(done, info._raw_info, credentials.binds)
    return done


def refused(type_: type[T], refusal: Refusal) -> T:
    """A payload that says why nothing was written; its other fields are null."""
    return payload(type_, user_errors=[user_error(refusal)])


async def _count(info: ContextInfo, limit: Limit) -> None:
    async with info.context.sessions() as session:
        try:
            await count(session, limit)
        finally:
            await session.commit()
