"""Changing how rights from above reach into an account (R54, R60, N3)."""

from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize_also
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
    """The mode that the account's parent access shall have."""

    account_id: AccountId
    expected_version: int
    parent_access: ParentAccess
    reason: str


@dataclass(frozen=True)
class ParentAccessAnswer:
    """The answer to a request for another mode. `parent_access`: the requested mode, as the caller read
    it."""

    account_id: AccountId
    parent_access: ParentAccess
    accept: bool


async def update_parent_access(
    session: WriteSession, principal: Principal, command: ParentAccessUpdate
) -> Authorized:
    """Change the mode at once where the caller speaks for every side that loses by it; else request it from
    the other side.

    Needs SETTINGS_WRITE in the parent and below it, or by a grant in the account itself; and for what the
    account gives up, all of it (N19). The present mode changes nothing. What the parent alone gives up at
    once is allowed in any status. Raises VersionConflict, RoleTooWide, and FAILED_PRECONDITION for a master
    account, for an account without an owner unless FULL is requested, and for the present mode while another
    one is requested.
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
                "The account has this mode, and another one is requested: the requesting side withdraws that "
                "with `parentAccessWithdraw`, the other side answers it."
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
    """Accept or decline what the other side requested.

    Needs what `update_parent_access` needs of the answering side. The requester must still hold its right
    (T14). Declining, and accepting what the parent alone gives up, is allowed in any status. Raises CONFLICT
    where another mode is requested, RoleTooWide, and FAILED_PRECONDITION where nothing is requested of this
    side.
    """
    locked = await locked_link(session, principal, command.account_id)
    link = locked.link
    authority = await authority_of_principal(session, principal, link)
    await _check_authority(session, principal, locked.account, authority)
    request = await waiting_request(session, link)
    if request is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No request waits.", "accountId")
    answering = Side.OWN if request.asked_by is Side.ABOVE else Side.ABOVE
    if answering not in authority.sides:
        raise Refusal(
            RefusalCode.FAILED_PRECONDITION, "Only the other side can answer this request.", "accountId"
        )
    if request.mode is not command.parent_access:
        raise Refusal(RefusalCode.CONFLICT, "Another mode is requested by now.", "parentAccess")
    account = speaking_for(locked.account, answering, authority.above_from)
    if not command.accept:
        await drop_request(session, principal, account, link, request, withdrawn=False)
        return account
    if losers(link.mode, request.mode) != _PARENT_ALONE:
        account.check_changeable()
    if answering is Side.OWN:
        authority.check_raise(link.mode, request.mode)
    if not request.stands:
        message = "The requester has lost the right to request it."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    await set_mode(session, principal, account, link, request.mode, request.reason)
    return account


@dataclass(frozen=True)
class ParentAccessWithdrawal:
    """`parent_access`: the requested mode, as the caller read it."""

    account_id: AccountId
    parent_access: ParentAccess


async def withdraw_parent_access(
    session: WriteSession, principal: Principal, command: ParentAccessWithdrawal
) -> Authorized:
    """Withdraw the request of the caller's own side.

    Needs what requesting it needed of that side, in any status. Raises CONFLICT where another mode is
    requested, and FAILED_PRECONDITION where nothing is, or by the other side.
    """
    locked = await locked_link(session, principal, command.account_id)
    link = locked.link
    authority = await authority_of_principal(session, principal, link)
    await _check_authority(session, principal, locked.account, authority)
    request = await waiting_request(session, link)
    if request is None:
        raise Refusal(RefusalCode.FAILED_PRECONDITION, "No request waits.", "accountId")
    if request.asked_by not in authority.sides:
        raise Refusal(
            RefusalCode.FAILED_PRECONDITION,
            "The other side made the request: answer it instead.",
            "accountId",
        )
    if request.mode is not command.parent_access:
        raise Refusal(RefusalCode.CONFLICT, "Another mode is requested by now.", "parentAccess")
    account = speaking_for(locked.account, request.asked_by, authority.above_from)
    await drop_request(session, principal, account, link, request, withdrawn=True)
    return account


_PARENT_ALONE = frozenset({Side.ABOVE})


async def _check_authority(
    session: WriteSession, principal: Principal, account: Authorized, authority: LinkAuthority
) -> None:
    """Raise a refusal for callers who speak for neither side, also for those whose right to change settings
    ends soon."""
    if not authority.sides:
        await authorize_also(
            session, principal, account.account_id, Permission.SETTINGS_WRITE, WriteKind.TAKES_AWAY
        )
        raise PermissionDenied(Permission.SETTINGS_WRITE)
