"""Giving shares (R30-R34)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, insert

from authz.callers.principals import Principal
from authz.callers.tokens import TokenKind, digest_of, generate
from authz.guards.delegation import role_in_each
from authz.guards.exclusive import Authorized, WriteKind, authorize_all
from authz.guards.share_scope import ShareScope, check_giver, check_scope
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, ShareId, new_id
from models.shares.tables import shares
from resolvers.effects.event_types import EventType
from resolvers.effects.idempotency import IdempotentRequest, claim_key
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.inputs.moments import check_future
from resolvers.invitations.invite import refuse_members
from resolvers.shares.mail import queue_share
from resolvers.shares.store import (
    add_accounts,
    described,
    log_share,
    refuse_shared,
    scope_columns,
    withdraw_waiting,
)

VALID_FOR = datetime.timedelta(days=7)
MOST_ACCOUNTS = 100


@dataclass(frozen=True)
class WantedScope:
    """What a share shall give: a role or areas, without the hidden areas."""

    role_id: uuid.UUID | None
    areas: frozenset[Area] | None
    hidden_areas: frozenset[Area]

    @property
    def field(self) -> str:
        """The input field that states it."""
        return "roleId" if self.areas is None else "areas"


@dataclass(frozen=True)
class ShareCreation:
    """A new share. `link`: the page that accepts it; the secret follows its `#`."""

    account_ids: Sequence[AccountId]
    email: str
    scope: WantedScope
    expires_at: datetime.datetime | None
    idempotency_key: str
    link: str


@dataclass(frozen=True)
class ShareMade:
    """The share. `replayed`: an earlier request under the same key made it."""

    share_id: ShareId
    replayed: bool = False


async def create_share(session: WriteSession, principal: Principal, command: ShareCreation) -> ShareMade:
    """Open accounts to an e-mail address. Nothing is open before the link is accepted (R33).

    Needs MEMBERS_WRITE and all that the share gives, in each account, and not by a share. Open offers to the
    same address no longer include these accounts. Raises ALREADY_SHARED, ALREADY_MEMBER, REACHED_BY_SHARE,
    ROLE_TOO_WIDE, BAD_USER_INPUT, IDEMPOTENCY_MISMATCH, and PROMISE_BROKEN where accepting it would.
    """
    check_count(command.account_ids)
    needed, until = (Permission.MEMBERS_WRITE, WriteKind.REPEATABLE), command.expires_at
    opened = await authorize_all(session, principal, command.account_ids, *needed, until=until)
    email = email_address(command.email)
    request = _request(command, email)
    # Under the tree: the same key with other accounts is another request, not a new key.
    master = replace(opened[0], account_id=AccountId(opened[0].master_id))
    share_id = ShareId(new_id())
    earlier = await claim_key(session, principal, master, request, {"share": str(share_id)})
    if earlier is not None:
        return ShareMade(ShareId(uuid.UUID(earlier["share"])), replayed=True)
    for each in opened:
        each.check_changeable()
    scope = await wanted_scope(session, opened, command.scope)
    check_giver(opened, scope, command.scope.field)
    if command.expires_at is not None:
        check_future(command.expires_at, "expiresAt")
    await refuse_members(session, principal, opened, email.canonical)
    await withdraw_waiting(session, principal, opened, email.canonical)
    await refuse_shared(session, principal, opened, email.canonical)
    await _add(session, principal, share_id, opened, email, command, scope)
    return ShareMade(share_id)


async def wanted_scope(
    session: WriteSession, opened: Sequence[Authorized], wanted: WantedScope
) -> ShareScope:
    """What the share shall give in each of the accounts. Raises NotFound, BAD_USER_INPUT."""
    if (wanted.role_id is None) == (wanted.areas is None):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give either a role or areas.", "roleId")
    role_id = wanted.role_id or BuiltinRole.ADMINISTRATOR.id
    role = await role_in_each(session, opened, role_id)
    scope = ShareScope(role, wanted.areas, wanted.hidden_areas)
    check_scope(scope)
    return scope


async def _add(
    session: WriteSession,
    principal: Principal,
    share_id: ShareId,
    opened: Sequence[Authorized],
    email: EmailAddress,
    command: ShareCreation,
    scope: ShareScope,
) -> None:
    token = generate(TokenKind.SHARE)
    await session.send_built(
        insert(shares).values(
            master_id=opened[0].master_id,
            id=share_id,
            email=email.original,
            email_canonical=email.canonical,
            digest=digest_of(token),
            link_expires_at=func.now() + VALID_FOR,
            expires_at=command.expires_at,
            **scope_columns(scope),
            **giver_columns(principal),
        )
    )
    await add_accounts(session, share_id, opened)
    await queue_share(session, principal, opened, email, f"{command.link}#{token}")
    after = described(email.original, scope, command.expires_at)
    await log_share(session, principal, opened, EventType.SHARE_CREATED, share_id, None, after)


def giver_columns(principal: Principal) -> dict[str, uuid.UUID | None]:
    """The columns that name the principal as the giver."""
    return {"giver_user_id": principal.user_id, "giver_api_key_id": principal.api_key_id}


def check_count(account_ids: Sequence[AccountId]) -> None:
    """Raise BAD_USER_INPUT for no account and for too many."""
    if not 1 <= len(set(account_ids)) <= MOST_ACCOUNTS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Name 1 to {MOST_ACCOUNTS} accounts.", "accountIds")


def _request(command: ShareCreation, email: EmailAddress) -> IdempotentRequest:
    scope = command.scope
    content = (
        frozenset(command.account_ids),
        email.canonical,
        scope.role_id,
        None if scope.areas is None else frozenset(area.value for area in scope.areas),
        frozenset(area.value for area in scope.hidden_areas),
        command.expires_at,
    )
    return IdempotentRequest("shareCreate", command.idempotency_key, content)
