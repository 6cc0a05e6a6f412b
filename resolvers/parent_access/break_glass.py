"""Opening an account by break-glass, and ending an opening (N3)."""

from dataclasses import dataclass, replace

from sqlalchemy import Uuid, literal, select

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize, authorize_all
from authz.guards.parent_link import LEAST_PASSES, Link, Side, authority_of_principal
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound, PermissionDenied, Refusal, RefusalCode
from authz.reach.break_glass import opened_rows
from engine.writes.sessions import WriteSession
from models.accounts.tables import ParentAccess
from models.base.ids import AccountId, BreakGlassId, UserId
from models.parent_access.openings import break_glass_openings
from resolvers.inputs.text import short_text
from resolvers.parent_access.mail import queue_warnings
from resolvers.parent_access.opening_store import add_opening, end_openings, opener_of

MOST_HOURS = 24


@dataclass(frozen=True)
class BreakGlass:
    """`hours`: how long it holds, 1 to 24."""

    account_id: AccountId
    reason: str
    hours: int


async def open_break_glass(session: WriteSession, principal: Principal, command: BreakGlass) -> BreakGlassId:
    """Let a person use its memberships above in the account and below it, as if the account's parent access
    were FULL. The owners get mail. It replaces an opening of the same person.

    Needs a membership above that gives more than passes anyway. Raises PERSON_REQUIRED, BAD_USER_INPUT, and
    FAILED_PRECONDITION where the parent access is not BREAK_GLASS.
    """
    person_id = principal.person_id
    if person_id is None:
        raise Refusal(RefusalCode.PERSON_REQUIRED)
    account = await authorize(session, principal, command.account_id, Permission.ACCOUNT_READ)
    if not 1 <= command.hours <= MOST_HOURS:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must lie between 1 and {MOST_HOURS}.", "hours")
    reason = short_text(command.reason, "reason")
    _check_mode(account)
    account = replace(account, acting_from=await _acting_from(session, account, person_id))
    own = break_glass_openings.c.user_id == person_id
    await end_openings(session, principal, account, own)
    opening_id, until = await add_opening(session, principal, account, person_id, reason, command.hours)
    await queue_warnings(session, principal, account, reason, until)
    return opening_id


async def end_break_glass(
    session: WriteSession, principal: Principal, opening_id: BreakGlassId
) -> BreakGlassId:
    """End an opening from the next request on. The opener may, and callers with SETTINGS_WRITE by a grant in
    the account itself. Raises NotFound, PermissionDenied."""
    # An unknown opening is looked up like an unknown account, so that the answer takes the same time (N20).
    found = select(break_glass_openings.c.account_id).where(break_glass_openings.c.id == opening_id)
    account_id = (await session.execute(found)).scalar_one_or_none()
    wanted = [AccountId(account_id or opening_id)]
    (account,) = await authorize_all(
        session, principal, wanted, Permission.ACCOUNT_READ, WriteKind.TAKES_AWAY
    )
    if account_id is None:
        raise NotFound("breakGlassId")
    opener = await opener_of(session, account, opening_id)
    if opener != principal.user_id and not await _may_end(session, principal, account, opening_id):
        raise PermissionDenied(Permission.SETTINGS_WRITE)
    await end_openings(session, principal, account, break_glass_openings.c.id == opening_id)
    return opening_id


def _check_mode(account: Authorized) -> None:
    if account.stored.parent_access != ParentAccess.BREAK_GLASS.value:
        message = "Break-glass needs an account whose parentAccess is BREAK_GLASS."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")


async def _acting_from(session: WriteSession, account: Authorized, user_id: UserId) -> AccountId:
    """The nearest account above whose membership gives something."""
    tree, opened, person = (
        literal(value, Uuid) for value in (account.master_id, account.account_id, user_id)
    )
    given = opened_rows(tree, opened, person)
    # Ids rise with creation, and of two accounts above the nearer one is younger.
    statement = select(given.c.from_id).where(given.c.mask.op("&")(~LEAST_PASSES) != 0)
    nearest = (await session.execute(statement.order_by(given.c.from_id.desc()).limit(1))).scalar()
    if nearest is None:
        message = "None of your memberships above the account gives more than passes already."
        raise Refusal(RefusalCode.FAILED_PRECONDITION, message, "accountId")
    return AccountId(nearest)


async def _may_end(
    session: WriteSession, principal: Principal, account: Authorized, opening_id: BreakGlassId
) -> bool:
    """Whether the account's own people let the principal decide, for longer than the opening holds."""
    link = Link(account.master_id, account.account_id, account.account_id, ParentAccess.BREAK_GLASS)
    end = select(break_glass_openings.c.expires_at).where(break_glass_openings.c.id == opening_id)
    authority = await authority_of_principal(session, principal, link, end.scalar_subquery())
    return Side.OWN in authority.sides
