"""How a mutation with a password runs: it waits for its turn, and holds nothing while hashing."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from authz.callers.principals import Credentials
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from resolvers.effects.attempts import Limit, count_attempt
from resolvers.people.passwords.hashing import HashingTurn
from resolvers.people.passwords.proved_passwords import PasswordChangedError
from schema.fields.context import ContextInfo
from schema.fields.payloads import P
from schema.fields.writes import committed, perform_steps

Checked = TypeVar("Checked")

_TRIES = 3
"""Somebody would have to change the password each time that it was compared."""


Limits = Callable[[], Awaitable[Sequence[Limit]]]
"""What a try is counted by, where that has to be looked up."""


def fixed(limits: Sequence[Limit]) -> Limits:
    """Limits that need no look-up."""

    async def found() -> Sequence[Limit]:
        return limits

    return found


async def perform_with_password(
    info: ContextInfo,
    type_: type[P],
    limits: Limits,
    check: Callable[[HashingTurn], Awaitable[Checked]],
    write: Callable[[WriteSession, Checked], Awaitable[P]],
    reads_as: Callable[[P], Credentials] | None = None,
) -> P:
    """Like `writes.perform`: `check` examines the passwords, then `write` does the work.

    The request waits for its turn before anything is done. If the queue is full, it is refused with BUSY and
    not counted. `check` opens its own transactions and keeps none open while it hashes. `write` gets a
    transaction after the turn. It raises PasswordChangedError if the result of `check` is outdated; then
    `check` runs again in another turn.
    """

    async def in_a_turn(counted: Sequence[Limit] | None) -> tuple[Checked, Sequence[Limit]]:
        async with info.context.hashing.turn(info.context.client_address) as turn:
            if counted is None:
                counted = await limits()
                for limit in counted:
                    await count_attempt(info.context.sessions, limit)
            return await check(turn), counted

    async def steps() -> P:
        counted = None
        for _ in range(_TRIES):
            checked, counted = await in_a_turn(counted)
            try:
                return await _written(info, write, checked, counted)
            except PasswordChangedError:
                continue
        raise Refusal(RefusalCode.CONFLICT, "The password was changed at the same moment; try again.")

    return await perform_steps(info, type_, steps, reads_as=reads_as)


async def _written(
    info: ContextInfo,
    write: Callable[[WriteSession, Checked], Awaitable[P]],
    checked: Checked,
    limits: Sequence[Limit],
) -> P:
    return await committed(info, lambda session: write(session, checked), limits)
