"""Requests of one caller that send messages in one transaction (see `authz.guards.gathering`)."""

from collections.abc import Hashable, Sequence
from dataclasses import replace

from authz.callers.principals import Principal
from engine.writes.sessions import WriteSession
from resolvers.messages.given import MOST_MESSAGES
from resolvers.messages.request import Outcome, Sending
from resolvers.messages.send import send_messages
from resolvers.review.policy import ReviewPolicy

_CHARACTERS_OF_A_MESSAGE = 20_000
"""What is longer counts as several, so that a transaction writes 20 MB of texts at most."""

MOST_TOGETHER = MOST_MESSAGES


def key_of(principal: Principal, command: Sending) -> Hashable:
    """Requests with the same key can be sent as one."""
    return principal.credentials, principal.reason, command.account_id, command.stream, command.label


def size_of(command: Sending) -> int:
    """In messages of a usual size."""
    texts = (text for each in command.messages for text in (each.text, each.html) if text is not None)
    return len(command.messages) + sum(map(len, texts)) // _CHARACTERS_OF_A_MESSAGE


async def send_together(
    session: WriteSession, principal: Principal, commands: Sequence[Sending], review: ReviewPolicy
) -> list[list[Outcome]]:
    """The outcomes of each of the requests, which all have the same key. Raises what `send_messages` raises:
    then none of them has sent anything."""
    messages = [message for command in commands for message in command.messages]
    whole = replace(commands[0], messages=messages)
    outcomes = iter(await send_messages(session, principal, whole, review))
    return [[next(outcomes) for _ in command.messages] for command in commands]
