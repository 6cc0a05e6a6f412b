"""Narrowing: a session, an API key or a narrowed token makes a token that may do less, for an hour."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    LargeBinary,
    Select,
    Uuid,
    cast,
    func,
    insert,
    literal,
    null,
    select,
)

from authz.callers.principals import Principal, PrincipalKind
from authz.callers.tokens import TokenKind, digest_of, generate
from authz.guards.exclusive import Authorized, reached_also
from authz.policy.permissions import GIVES_ACCESS, Permission, mask_of, permissions_in
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from authz.reach.narrowed import masks_of_token
from engine.writes.sessions import WriteSession
from models.api_keys.tables import api_keys
from models.base.ids import AccountId, Kind, MasterId, NarrowedTokenId, new_id, present
from models.narrowed_tokens.tables import MOST_ACCOUNTS, MOST_ANCESTORS, narrowed_tokens
from models.people.sessions import sessions
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_in_each
from resolvers.inputs.text import name_of_rights

LONGEST_MINUTES = 60
"""How long a narrowed token may live."""


@dataclass(frozen=True)
class TokenNarrowing:
    """What the new token shall have. `minutes`: how long it shall live. `audience`: who gets it."""

    account_ids: tuple[AccountId, ...]
    permissions: frozenset[Permission]
    minutes: int
    audience: str


@dataclass(frozen=True)
class NarrowedSecret:
    """A narrowed token, shown this once."""

    token_id: NarrowedTokenId
    token: str
    expires_at: datetime.datetime


async def narrow_token(
    session: WriteSession, principal: Principal, command: TokenNarrowing
) -> NarrowedSecret:
    """Make a token with a part of the caller's rights. Needs all that the token gets, in each of its
    accounts.

    The token ends with what it was made of. It never gives or takes access, nor uses anybody's break-glass.
    Raises NotFound, PermissionDenied, BAD_USER_INPUT, and FAILED_PRECONDITION where the caller has been
    narrowed too often already.
    """
    account_ids = _checked(command)
    audience = name_of_rights(command.audience, "audience")
    scopes = mask_of(command.permissions | {Permission.ACCOUNT_READ})
    accounts = await reached_also(session, principal, account_ids, Permission.ACCOUNT_READ)
    if len(accounts) < len(account_ids):
        raise NotFound("accountIds")
    for account in accounts:
        _check_held(account.held, scopes)
    parent = (await session.execute(_parent(principal))).one()
    if len(parent.ancestor_ids) > MOST_ANCESTORS:
        message = f"A token can be narrowed at most {MOST_ANCESTORS} times in a row."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message)
    token = generate(TokenKind.TEST_NARROWED if principal.credentials.is_test else TokenKind.NARROWED)
    token_id = NarrowedTokenId(new_id())
    wanted_end = func.now() + literal(datetime.timedelta(minutes=command.minutes))
    values = {
        "id": token_id,
        "digest": digest_of(token),
        "user_id": principal.user_id,
        "api_key_master_id": parent.api_key_master_id,
        "api_key_id": principal.api_key_id,
        "root_digest": parent.root_digest,
        "ancestor_ids": list(parent.ancestor_ids),
        "account_ids": account_ids,
        "scopes": scopes,
        "audience": audience,
        "expires_at": func.least(wanted_end, literal(parent.ends_at, DateTime(timezone=True))),
    }
    made = insert(narrowed_tokens).values(values).returning(narrowed_tokens.c.expires_at)
    expires_at = (await session.execute(made)).scalar_one()
    # What only break-glass gives the caller is missing now, though it is held.
    masks = {
        row.account_id: row.mask for row in await session.execute(masks_of_token(literal(token_id, Uuid)))
    }
    for account in accounts:
        by_glass = permissions_in(scopes & ~masks.get(account.account_id, 0))
        if by_glass:
            message = (
                "A narrowed token has nothing of a break-glass opening: leave out what only that gives you."
            )
            raise PermissionDenied(by_glass[0], "permissions", message)
    names: Change = {
        "audience": audience,
        "permissions": [permission.name for permission in permissions_in(scopes)],
        "expires_at": expires_at.isoformat(),
    }
    await log_token(session, principal, accounts, EventType.TOKEN_NARROWED, token_id, after=names)
    return NarrowedSecret(token_id, token, expires_at)


async def log_token(
    session: WriteSession,
    principal: Principal,
    accounts: Iterable[Authorized],
    kind: EventType,
    token_id: NarrowedTokenId,
    before: Change | None = None,
    after: Change | None = None,
) -> None:
    """Write the event into the log of each of the token's accounts."""
    by_tree: defaultdict[MasterId, list[Authorized]] = defaultdict(list)
    for account in accounts:
        by_tree[account.master_id].append(account)
    for of_tree in by_tree.values():
        subject_id = present(Kind.NARROWED_TOKEN, token_id)
        await record_in_each(session, principal, of_tree, kind, subject_id, before, after)


def _checked(command: TokenNarrowing) -> list[AccountId]:
    account_ids = list(dict.fromkeys(command.account_ids))
    if not 1 <= len(account_ids) <= MOST_ACCOUNTS:
        message = f"Must name 1 to {MOST_ACCOUNTS} accounts."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "accountIds")
    if not command.permissions:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must name at least one.", "permissions")
    giving = sorted(permission.name for permission in command.permissions & GIVES_ACCESS)
    if giving:
        message = f"A narrowed token cannot give or take access: leave out {', '.join(giving)}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "permissions")
    if not 1 <= command.minutes <= LONGEST_MINUTES:
        message = f"Must lie between 1 and {LONGEST_MINUTES}."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "expiresInMinutes")
    return account_ids


def _check_held(mask: int, wanted: int) -> None:
    missing: Sequence[Permission] = permissions_in(wanted & ~mask)
    if Permission.ACCOUNT_READ in missing:
        raise NotFound("accountIds")
    if missing:
        raise PermissionDenied(missing[0])


def _parent(principal: Principal) -> Select[Any]:
    """One row (root_digest, api_key_master_id, ancestor_ids, ends_at): what a token of the caller's hangs
    on."""
    digest = literal(principal.credentials.digest, LargeBinary).label("root_digest")
    if principal.kind is PrincipalKind.NARROWED_TOKEN:
        token = narrowed_tokens.c
        return select(
            token.root_digest,
            token.api_key_master_id,
            func.array_append(token.ancestor_ids, token.id).label("ancestor_ids"),
            token.expires_at.label("ends_at"),
        ).where(token.id == principal.token_id)
    ancestors = literal([], ARRAY(Uuid)).label("ancestor_ids")
    if principal.kind is PrincipalKind.PERSON:
        no_tree = cast(null(), Uuid).label("api_key_master_id")
        own = sessions.c.digest == principal.credentials.digest
        return select(digest, no_tree, ancestors, sessions.c.expires_at.label("ends_at")).where(own)
    tree = api_keys.c.master_id.label("api_key_master_id")
    ends_at = api_keys.c.expires_at.label("ends_at")
    return select(digest, tree, ancestors, ends_at).where(api_keys.c.id == principal.api_key_id)
