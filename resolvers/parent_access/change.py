"""What changes how the rights held above an account reach into it (R54, R60, N3)."""

from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, Effect, authorize_also
from authz.guards.parent_link import LinkAuthority, Side, authority_of_principal, losers
from authz.policy.permissions import Permission
from authz.policy.refusals import PermissionDenied, Refusal, RefusalCode, VersionConflict
from engine.writes.sessions import WriteSession
from models.accounts.tables import ParentAccess
from models.base.ids import AccountId
from resolvers.inputs.text import short_text
from resolvers.parent_access.store import (
    Request,
    check_owner,
    drop_request,
    locked_link,
    set_mode,
    speaking_for,
    store_request,
    waiting_request,
)


@dataclass(frozen=True)
class ParentAccessUpdate:
    """The mode that the link shall have."""

    account_id: AccountId
    expected_version: int
    parent_access: ParentAccess
    reason: str


@dataclass(frozen=True)
class ParentAccessAnswer:
    """The other side's answer to what was asked: `parent_access`, as it was read."""

    account_id: AccountId
    parent_access: ParentAccess
    accept: bool


async def update_parent_access(
    session: WriteSession, principal: Principal, command: ParentAccessUpdate
) -> Authorized:
    """Change the link at once where who asks speaks for all who lose by it; else ask the other side.

    Needs SETTINGS_WRITE in the parent and below it, or by a grant in the account itself, and for what the
    account gives up all of that (N19). The mode that holds changes nothing. What the parent alone gives up
    at once is allowed whatever the account's status. Raises VersionConflict, RoleTooWide,
    FAILED_PRECONDITION for a master account, for an account without an owner unless FULL is asked for, and
    for the mode that holds while another one is asked for.
    """
    locked = await locked_link(session, principal, command.account_id)
    link, old, new = locked.link, locked.link.mode, command.parent_access
    authority = await authority_of_principal(session, principal, link)
    await _check_authority(session, principal, locked.account, authority)
    if locked.version != command.expected_version:
        raise VersionConflict(locked.version)
    reason = short_text(command.reason, "reason")
    losing = losers(old, new)
    side = min(authority.sides & losing or authority.sides, key=list(Side).index)
    account = speaking_for(locked.account, side, authority.above_from)
    if not losing:
        waiting = await waiting_request(session, link)
        if waiting is not None and waiting.stands:
            message = (
                "It holds, and another mode is asked for: the side that asked takes that back by "
                "`parentAccessWithdraw`, the other one answers it."
            )
            raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "parentAccess")
        return account
    if not (losing == _PARENT_ALONE and losing <= authority.sides):
        account.check_changeable()
    if Side.OWN in losing & authority.sides:
        authority.check_raise(old, new)
    if losing <= authority.sides:
        await set_mode(session, principal, account, link, new, reason)
    else:
        await check_owner(session, link, new)
        request = Request(new, reason, side, principal.user_id, principal.api_key_id)
        await store_request(session, principal, account, link, request)
    return account


async def answer_parent_access(
    session: WriteSession, principal: Principal, command: ParentAccessAnswer
) -> Authorized:
    """Accept or decline what the other side asks for.

    Needs what `update_parent_access` needs of the side that was asked; whoever asked must have kept its right
    (T14). Declining, and accepting what the parent alone gives up, is allowed whatever the account's status.
    Raises CONFLICT where something else is asked for, RoleTooWide, FAILED_PRECONDITION where nothing
    is, or nothing of this side.
    """
    locked = await locked_link(session, principal, command.account_id)
    link = locked.link
    authority = await authority_of_principal(session, principal, link)
    await _check_authority(session, principal, locked.account, authority)
    request = await waiting_request(session, link)
    if request is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Nothing is asked for.", "accountId")
    answering = Side.OWN if request.asked_by is Side.ABOVE else Side.ABOVE
    if answering not in authority.sides:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The other side answers it.", "accountId")
    if request.mode is not command.parent_access:
        raise Refusal(RefusalCode.CONFLICT, "Something else is asked for.", "parentAccess")
    account = speaking_for(locked.account, answering, authority.above_from)
    if not command.accept:
        await drop_request(session, principal, account, link, request, withdrawn=False)
        return account
    if losers(link.mode, request.mode) != _PARENT_ALONE:
        account.check_changeable()
    if answering is Side.OWN:
        authority.check_raise(link.mode, request.mode)
    if not request.stands:
        message = "Whoever asked for it has lost the right to."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await set_mode(session, principal, account, link, request.mode, request.reason)
    return account


@dataclass(frozen=True)
class ParentAccessWithdrawal:
    """`parent_access`: what was asked for, as it was read."""

    account_id: AccountId
    parent_access: ParentAccess


async def withdraw_parent_access(
    session: WriteSession, principal: Principal, command: ParentAccessWithdrawal
) -> Authorized:
    """Take back what one's own side asks for; nothing else changes.

    Needs what asking for it needed of that side, in whatever status: it only takes away. Raises CONFLICT
    where something else is asked for, FAILED_PRECONDITION where nothing is, or by the other side.
    """
    locked = await locked_link(session, principal, command.account_id)
    link = locked.link
    authority = await authority_of_principal(session, principal, link)
    await _check_authority(session, principal, locked.account, authority)
    request = await waiting_request(session, link)
    if request is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "Nothing is asked for.", "accountId")
    if request.asked_by not in authority.sides:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "The other side asked for it; answer it.", "accountId")
    if request.mode is not command.parent_access:
        raise Refusal(RefusalCode.CONFLICT, "Something else is asked for.", "parentAccess")
    account = speaking_for(locked.account, request.asked_by, authority.above_from)
    await drop_request(session, principal, account, link, request, withdrawn=True)
    return account


_PARENT_ALONE = frozenset({Side.ABOVE})


async def _check_authority(
    session: WriteSession, principal: Principal, account: Authorized, authority: LinkAuthority
) -> None:
    """Raise what refuses those who speak for neither side: also who may change settings, but for a time."""
    if not authority.sides:
        await authorize_also(
            session, principal, account.account_id, Permission.SETTINGS_WRITE, Effect.TAKES_AWAY
        )
        raise PermissionDenied(Permission.SETTINGS_WRITE)
