"""Counting what becomes of messages: by the transaction that causes it, to be added up by a job."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.wall.tree_door import in_data_plane
from engine.writes.fixed_statements import FixedCall, FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, InTree, Place, columns_of
from models.base.ids import new_ids
from models.messages.tables import MessageChannel
from models.sending.tables import SendStream
from models.statistics.tables import StatisticKind, statistic_deltas


@dataclass(frozen=True, kw_only=True)
class Source:
    """What sent the messages. `label`: in the form that is compared. `domain`: of the recipients of e-mails,
    in ASCII. `country`: of the recipients of SMS, in two letters."""

    channel: MessageChannel
    stream: SendStream
    api_key_id: uuid.UUID | None = None
    campaign_id: uuid.UUID | None = None
    label: str | None = None
    domain: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class Passed:
    """Messages that the gate has let pass, and the sends that they count as: each part of an SMS is one."""

    messages: int
    sends: int


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Something that happened `number` times. `sends`: what the messages count as, where they were sent.
    `amount`: in micro-units of the currency: what it cost, or for REVENUE what it brought. `is_first`: the
    first of its kind for its message, such as the first open."""

    source: Source
    kind: StatisticKind
    happened_at: datetime.datetime
    number: int = 1
    sends: int = 0
    amount: int = 0
    is_first: bool = True


async def count_in(session: WriteSession, account: Place, counted: Sequence[Counted]) -> None:
    """Count these in the account, for a caller in the control plane. To be called behind all locks of the
    transaction: of two that count at once in a quiet tree, one waits for the other."""
    if counted:
        async with in_data_plane(session, account):
            await count(session, account, counted)
        await note_counted(session, account)


async def note_counted(session: WriteSession, tree: InTree) -> None:
    """Have a worker add up what the transaction counts in the tree. The caller is in the control plane, and
    behind all locks of the transaction. Without it what was counted waits for somebody else who counts."""
    await _NOTE.send(session, {"master_id": tree.master_id})


_NOTE = FixedCall(func.mandant_note_counted(NAMED.master_id))


async def count(session: WriteSession, account: Place, counted: Sequence[Counted]) -> None:
    """Count these in the account, where they happened. The caller is in the data plane, and calls
    `note_counted` outside of it.

    Messages of tests are not counted: the caller leaves them out.
    """
    if not counted:
        return
    counted = _together(counted)
    values: dict[str, Any] = {
        "id": new_ids(len(counted)),
        "kind": [each.kind.value for each in counted],
        "happened_at": [each.happened_at for each in counted],
        "channel": [each.source.channel.value for each in counted],
        "stream": [each.source.stream.value for each in counted],
        "number": [each.number for each in counted],
        "sends": [each.sends for each in counted],
        "amount": [each.amount for each in counted],
        "is_first": [each.is_first for each in counted],
    }
    values |= {name: [getattr(each.source, name) for each in counted] for name in _OF_SOURCE}
    await _INSERT.send(session, values | columns_of(account))


def domain_of(address: str | None) -> str | None:
    """The domain of a canonical e-mail address; None where it is none."""
    _, at, domain = (address or "").rpartition("@")
    return domain if at else None


def _together(counted: Sequence[Counted]) -> Sequence[Counted]:
    """The same, with one for all that differ in nothing but their numbers and the second. Offsets of time
    zones are whole minutes, so that a minute is of one hour and day everywhere."""
    if len(counted) == 1:
        return counted
    by_key: dict[Counted, list[Counted]] = {}
    for each in counted:
        minute = each.happened_at.replace(second=0, microsecond=0)
        by_key.setdefault(replace(each, happened_at=minute, number=0, sends=0, amount=0), []).append(each)
    return [
        replace(
            key,
            number=sum(each.number for each in same),
            sends=sum(each.sends for each in same),
            amount=sum(each.amount for each in same),
        )
        for key, same in by_key.items()
    ]


_OF_SOURCE = ("api_key_id", "campaign_id", "label", "domain", "country")
_TYPES: Mapping[str, Any] = {
    "id": Uuid(),
    "kind": Text(),
    "happened_at": DateTime(timezone=True),
    "channel": Text(),
    "stream": Text(),
    "number": BigInteger(),
    "sends": BigInteger(),
    "amount": BigInteger(),
    "is_first": Boolean(),
    "api_key_id": Uuid(),
    "campaign_id": Uuid(),
    "label": Text(),
    "domain": Text(),
    "country": Text(),
}


def _inserting() -> FixedStatement:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in _TYPES.items()]
    given = func.unnest(*arrays).table_valued(*_TYPES).render_derived("given").c
    place = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
    values: dict[str, Any] = {**place, **{name: given[name] for name in _TYPES}}
    rows = upsert(statistic_deltas).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing())


_INSERT = _inserting()
