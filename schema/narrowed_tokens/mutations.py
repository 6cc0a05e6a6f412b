"""Mutations that make and revoke narrowed tokens."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import Kind, NarrowedTokenId
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from resolvers.narrowed_tokens import narrow, reads, revoke
from schema.fields.ids import account_ids
from schema.fields.marks import OPEN_TO_TOKENS
from schema.fields.mutation import mutation
from schema.fields.payloads import Payload, payload
from schema.narrowed_tokens.types import NarrowedToken

_WINDOW = datetime.timedelta(minutes=10)
_TOKENS_OF_A_PRINCIPAL = 300
"""In a window, with all tokens that are narrowed from its tokens."""


@strawberry.input(description="What the new token may do, and for how long.")
class TokenNarrowInput:
    account_ids: list[strawberry.ID] = strawberry.field(
        description="The accounts that it works in, 1 to 100: exactly these, not those below them."
    )
    permissions: list[Permission] = strawberry.field(
        description="The permissions that it has there, at least one. ACCOUNT_READ is always among them. You "
        "must have all of them in each of the accounts. Permissions that give or take access are refused: "
        "ACCOUNT_TRANSFER, and WRITE of subaccounts, members, roles, API keys, settings and webhooks."
    )
    expires_in_minutes: int = strawberry.field(description="How many minutes it lives: 1 to 60.")
    audience: str = strawberry.field(
        description="Who gets it, for the lists and logs: 1 to 200 characters, such as `Widget of the shop`."
    )


@strawberry.input(description="The narrowed token to revoke.")
class TokenRevokeInput:
    narrowed_token_id: strawberry.ID = strawberry.field(description="The narrowed token.")


@entity(None, carries={"token_id": Uuid()})
class TokenNarrowPayload(Payload):
    """The new narrowed token."""

    token: str | None = strawberry.field(
        default=None,
        description="The token. Send it as `Authorization: Bearer ...`. It is returned only this once.",
    )
    expires_at: datetime.datetime | None = strawberry.field(
        default=None, description="When it ends at the latest."
    )
    narrowed_token: NarrowedToken | None = to_one(reads.of_result)


@entity(None, carries={"token_id": Uuid()})
class TokenRevokePayload(Payload):
    """The revoked token."""

    narrowed_token: NarrowedToken | None = to_one(reads.of_result)


def _tokens_of(principal: Principal) -> list[Limit]:
    subject = f"narrowed tokens of {principal.id}"
    return [Limit(subject=subject, most=_TOKENS_OF_A_PRINCIPAL, window=_WINDOW)]


@strawberry.type
class TokenMutation:
    @mutation(OPEN_TO_TOKENS, limits=_tokens_of)
    async def token_narrow(
        self, session: WriteSession, principal: Principal, input: TokenNarrowInput
    ) -> TokenNarrowPayload:
        """Make a token that may do a part of what you may do, for a page in a browser, a job or an assistant.
        At each moment it may do no more than your session, API key or narrowed token may do then, and it ends
        with that: also when the key gets a new secret. It cannot sign in or change what belongs to a person
        or to the key, and it has no break-glass. What it does is logged with you and with its id."""
        command = narrow.TokenNarrowing(
            account_ids=tuple(account_ids(input.account_ids)),
            permissions=frozenset(input.permissions),
            minutes=input.expires_in_minutes,
            audience=input.audience,
        )
        made = await narrow.narrow_token(session, principal, command)
        return payload(
            TokenNarrowPayload, token_id=made.token_id, token=made.token, expires_at=made.expires_at
        )

    @mutation(OPEN_TO_TOKENS)
    async def token_revoke(
        self, session: WriteSession, principal: Principal, input: TokenRevokeInput
    ) -> TokenRevokePayload:
        """Revoke a narrowed token, and all that were narrowed from it, with effect from the next request. For
        the person or the API key that it acts for, for itself, for the token that it was narrowed from, and
        for callers with API_KEYS_WRITE in the account of its API key. Repeating it changes nothing."""
        token_id = NarrowedTokenId(required(Kind.NARROWED_TOKEN, input.narrowed_token_id, "narrowedTokenId"))
        await revoke.revoke_token(session, principal, token_id)
        return payload(TokenRevokePayload, token_id=token_id)
