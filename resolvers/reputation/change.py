"""The account's own key of a sending source: pausing it, and resuming also what the platform has paused."""

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind, authorize
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from authz.reach.ends import ANY_MOMENT
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.api_keys.tables import api_keys
from models.base.clock import current_moment
from models.base.ids import AccountId
from models.reputation.tables import KEY_OF_SOURCE, CustomerState, sending_sources
from resolvers.effects.event_types import EventType
from resolvers.effects.log import Change, record_of_account
from resolvers.reputation.gate import check_keys
from resolvers.reputation.sources import (
    SendingSource,
    key_columns,
    now_of,
    read_locked,
    standing_of,
    this_source,
    write_standing,
)
from resolvers.reputation.states import tried_again
from resolvers.reputation.tell import Moved, tell_moved
from resolvers.reputation.wake import wake_deliveries


async def pause_source(
    session: WriteSession, principal: Principal, account_id: AccountId, source: SendingSource
) -> Authorized:
    """Let the source send nothing from now on. The account is locked, so whatever passed before is sent and
    nothing passes after. Repeating it changes nothing.

    Needs SETTINGS_WRITE, by whichever right; allowed in any status of the account. Raises NOT_FOUND for a key
    of another account.
    """
    account = await _authorized(session, principal, account_id, source, WriteKind.TAKES_AWAY)
    paused = CustomerState.PAUSED.value
    written = upsert(sending_sources).values(
        **key_columns(account, source), customer_state=paused, customer_since=current_moment()
    )
    excluded = written.excluded
    changed = written.on_conflict_do_update(
        index_elements=KEY_OF_SOURCE,
        set_={"customer_state": excluded.customer_state, "customer_since": excluded.customer_since},
        where=sending_sources.c.customer_state != paused,
    ).returning(sending_sources.c.stream)
    if (await session.execute(changed)).scalar_one_or_none() is not None:
        await _record(session, principal, account, source, EventType.SENDING_PAUSED)
    return account


async def resume_source(
    session: WriteSession, principal: Principal, account_id: AccountId, source: SendingSource
) -> Authorized:
    """Let the source send again, as far as the account's own key keeps it from that. Where the platform's
    rates paused it and the cool-down is over, a trial begins. Repeating it changes nothing.

    Needs SETTINGS_WRITE, by whichever right. Raises NOT_FOUND for a key of another account, and
    SENDING_PAUSED where the platform alone keeps it from sending, and still does.
    """
    account = await _authorized(session, principal, account_id, source, WriteKind.CHANGES)
    row = await read_locked(session, account, source)
    if row is None:
        return account
    now, before = await now_of(session), standing_of(row)
    was_paused = row.customer_state == CustomerState.PAUSED.value
    if before.can_resume(now):
        after = tried_again(before, now)
        await write_standing(session, account, source, after)
        await tell_moved(session, principal, account, Moved(source, before, after))
    elif not was_paused:
        check_keys(row)
        return account
    if was_paused:
        own = update(sending_sources).where(this_source(account, source))
        await session.send_built(
            own.values(customer_state=CustomerState.ACTIVE.value, customer_since=current_moment())
        )
        await _record(session, principal, account, source, EventType.SENDING_RESUMED)
    await wake_deliveries(session, account)
    return account


async def _authorized(
    session: WriteSession,
    principal: Principal,
    account_id: AccountId,
    source: SendingSource,
    write_kind: WriteKind,
) -> Authorized:
    account = await authorize(
        session, principal, account_id, Permission.SETTINGS_WRITE, write_kind, until=ANY_MOMENT
    )
    await check_key(session, account, source)
    return account


async def check_key(session: WriteSession, account: Place, source: SendingSource) -> None:
    """Raise NotFound where the source is a key that the account never had."""
    if source.api_key_id is not None:
        own = in_account(api_keys, account), api_keys.c.id == source.api_key_id
        if not (await session.execute(select(exists().where(*own)))).scalar_one():
            raise NotFound("apiKeyId")


async def _record(
    session: WriteSession, principal: Principal, account: Authorized, source: SendingSource, kind: EventType
) -> None:
    after: Change = {**source.logged()}
    await record_of_account(session, principal, account, kind, None, after)
