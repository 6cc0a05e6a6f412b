"""Sending sources, as those see them who see the account's statistics."""

import uuid
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, and_, case, func, literal, select

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from engine.base.client_values import text
from engine.declare.paging import Order
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.reputation.tables import PlatformState, sending_sources
from models.sending.tables import SendStream
from models.statistics.tables import NO_ID
from resolvers.reputation.keys import is_held, trial_hour
from resolvers.reputation.states import IN, TRIAL_SENDS
from resolvers.rows.shown import rows_of

BY_KEY = Order("sendingSources", (sending_sources.c.stream, sending_sources.c.api_key_id))


def of_account(account: FromClause) -> Select[Any]:
    """What of the account sends, and whether it may: its API keys, and without one its campaigns and people,
    on each stream. Those are listed that have sent at least 100 messages within a day, or were paused; all
    others may send."""
    return rows_of(sending_sources, account, account_id="id")


def of_result(result: FromClause) -> Select[Any]:
    """The source, as it is now; null if it was never judged or paused, or if you may not see the account's
    statistics."""
    found = sending_sources.alias()
    return select(*found.c).where(
        found.c.account_id == result.c.account_id,
        found.c.stream == result.c.stream,
        found.c.api_key_id == result.c.api_key_id,
        account_where(found, Permission.STATISTICS_READ),
    )


def is_paused_for_viewer(account: FromClause, stream: SendStream) -> ColumnElement[bool]:
    """Whether what the viewer would send from the account on the stream is paused."""
    source = sending_sources.alias()
    paused = select(source.c.stream).where(_is_of_viewer(source, account, stream), is_held(source))
    return paused.correlate(account).exists()


def trial_sends_left_for_viewer(account: FromClause, stream: SendStream) -> ColumnElement[int | None]:
    """How many sends the viewer could make from the account on the stream, if that is on trial."""
    source = sending_sources.alias()
    left = select(trial_sends_left(source)).where(_is_of_viewer(source, account, stream))
    return left.correlate(account).scalar_subquery()


def _is_of_viewer(source: FromClause, account: FromClause, stream: SendStream) -> ColumnElement[bool]:
    viewer = func.coalesce(select(PRINCIPAL.c.actor_api_key_id).scalar_subquery(), literal(NO_ID))
    is_own = in_tree(source, account, account_id="id")
    return and_(is_own, source.c.stream == text(stream.value), source.c.api_key_id == viewer)


def key_id_of(source: FromClause) -> ColumnElement[uuid.UUID | None]:
    """The id of the API key that sends; null for the account's campaigns and people."""
    return func.nullif(source.c.api_key_id, literal(NO_ID))


def key_of(source: FromClause) -> Select[Any]:
    """The API key that sends; null for the account's campaigns and people, and if you may not see its API
    keys."""
    key = api_keys.alias()
    seen = account_where(source, Permission.API_KEYS_READ)
    return select(*key.c).where(in_tree(key, source, account_id="account_id", id="api_key_id"), seen)


def can_send(source: FromClause) -> ColumnElement[bool]:
    """Whether both keys let it send: yours, and the platform's."""
    return ~is_held(source)


def trial_sends_left(source: FromClause) -> ColumnElement[int | None]:
    """On trial, how many more sends it can make in this hour; null otherwise."""
    _, used = trial_hour(source)
    is_on_trial = source.c.platform_state == text(PlatformState.TRIAL.value)
    return case((is_on_trial, TRIAL_SENDS - used))


def bounce_rate(source: FromClause) -> ColumnElement[int | None]:
    """How many of 10,000 messages bounced for good; null if none were sent."""
    return _rate(source, "hard_bounces")


def complaint_rate(source: FromClause) -> ColumnElement[int | None]:
    """How many of 10,000 messages brought a complaint; null if none were sent."""
    return _rate(source, "complaints")


def _rate(source: FromClause, number: str) -> ColumnElement[int | None]:
    of = func.nullif(source.c.sent, literal(0, BigInteger))
    return source.c[number] * literal(IN, BigInteger) // of
