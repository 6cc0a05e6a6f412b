"""Unsubscribes that a partner's engine has taken, or a link in a message (R77, R78)."""

import datetime
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, DateTime, LargeBinary, Uuid, and_, any_, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.callers.principals import Principal
from authz.guards.exclusive import WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import AccountId, new_id
from models.suppressions.tables import unsubscribes
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.addresses import AddressFault
from resolvers.suppressions.lists import known_lists
from resolvers.suppressions.reports import GivenReport, Report, Reported, read_reports

ListId = uuid.UUID | None
"""The contact list that the recipient left; None: none was named."""


class UnsubscribeOutcome(enum.Enum):
    """What became of a reported unsubscribe."""

    RECORDED = "RECORDED"
    ALREADY_UNSUBSCRIBED = "ALREADY_UNSUBSCRIBED"
    RESUBSCRIBED_SINCE = "RESUBSCRIBED_SINCE"
    NO_SUCH_LIST = "NO_SUCH_LIST"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True)
class Unsubscribes:
    """Those of one account."""

    account_id: AccountId
    reports: Sequence[GivenReport[ListId]]


@dataclass(frozen=True)
class ToldUnsubscribe:
    """Of one report."""

    outcome: UnsubscribeOutcome
    message: str | None = None


_Key = tuple[bytes, ListId]


async def record_unsubscribes(
    session: WriteSession, principal: Principal, command: Unsubscribes
) -> list[ToldUnsubscribe]:
    """Record each that is newer than what is known of the address. To report one again changes nothing.

    Needs CONTACTS_WRITE. It only takes away, so it is allowed in any status of the account.
    """
    account = await authorize_shared(
        session, principal, command.account_id, Permission.CONTACTS_WRITE, WriteKind.TAKES_AWAY
    )
    told = await read_reports(session, account, command.reports)
    async with in_data_plane(session, account):
        results = await add_unsubscribes(session, account, told)
    number = sum(result.outcome is UnsubscribeOutcome.RECORDED for result in results)
    if number:
        kind = EventType.UNSUBSCRIBES_REPORTED
        await record_of_account(session, principal, account, kind, None, {"unsubscribes": number})
    return results


async def add_unsubscribes(
    session: WriteSession, account: Place, told: Sequence[Reported[ListId]]
) -> list[ToldUnsubscribe]:
    """Record each that is newer than what is known of the address. The caller is in the data plane."""
    reports = [each for each in told if isinstance(each, Report)]
    lists = await known_lists(session, account, {each.told for each in reports if each.told is not None})
    latest = _latest([each for each in reports if each.told is None or each.told in lists])
    recorded = await _upsert(session, account, latest)
    lifted = await _resubscribed(session, account, latest.keys() - recorded)
    results = []
    for each in told:
        if isinstance(each, AddressFault):
            results.append(ToldUnsubscribe(UnsubscribeOutcome.MALFORMED, each.message))
            continue
        key = _key_of(each)
        results.append(ToldUnsubscribe(_outcome(key, latest, recorded, lifted)))
        # What was told twice was recorded by the first of them.
        recorded.discard(key)
    return results


def _key_of(report: Report[ListId]) -> _Key:
    return report.address.digest, report.told


def _latest(reports: Sequence[Report[ListId]]) -> dict[_Key, datetime.datetime]:
    """When each happened, in the order in which rows are locked."""
    found: dict[_Key, datetime.datetime] = {}
    for report in sorted(reports, key=lambda each: (each.address.digest, str(each.told or ""), each.at)):
        found[_key_of(report)] = report.at
    return found


def _outcome(
    key: _Key, latest: dict[_Key, datetime.datetime], recorded: set[_Key], lifted: set[_Key]
) -> UnsubscribeOutcome:
    if key not in latest:
        return UnsubscribeOutcome.NO_SUCH_LIST
    if key in recorded:
        return UnsubscribeOutcome.RECORDED
    return UnsubscribeOutcome.RESUBSCRIBED_SINCE if key in lifted else UnsubscribeOutcome.ALREADY_UNSUBSCRIBED


async def _upsert(session: WriteSession, account: Place, latest: dict[_Key, datetime.datetime]) -> set[_Key]:
    """Those that were recorded: new ones, and those after a re-subscription."""
    if not latest:
        return set()
    new = func.unnest(
        literal([new_id() for _ in latest], ARRAY(Uuid)),
        literal([digest for digest, _ in latest], ARRAY(LargeBinary)),
        literal([list_id for _, list_id in latest], ARRAY(Uuid)),
        literal(list(latest.values()), ARRAY(DateTime(timezone=True))),
    )
    rows = new.table_valued("id", "digest", "contact_list_id", "unsubscribed_at").render_derived()
    values = {
        "master_id": literal(account.master_id, Uuid),
        "account_id": literal(account.account_id, Uuid),
        **{column.name: column for column in rows.c},
    }
    made = upsert(unsubscribes).from_select(list(values), select(*values.values()))
    stored = unsubscribes.c
    statement = made.on_conflict_do_update(
        index_elements=["master_id", "account_id", "digest", "contact_list_id"],
        set_={"unsubscribed_at": made.excluded.unsubscribed_at, "resubscribed_at": None, "evidence": None},
        where=and_(
            stored.resubscribed_at.is_not(None), stored.resubscribed_at < made.excluded.unsubscribed_at
        ),
    ).returning(stored.digest, stored.contact_list_id)
    return {(row.digest, row.contact_list_id) for row in await session.execute(statement)}


async def _resubscribed(session: WriteSession, account: Place, keys: set[_Key]) -> set[_Key]:
    """Which of these the contact has lifted itself."""
    if not keys:
        return set()
    stored = unsubscribes.c
    statement = select(stored.digest, stored.contact_list_id).where(
        in_account(unsubscribes, account),
        stored.digest == any_(literal([digest for digest, _ in keys], ARRAY(LargeBinary))),
        stored.resubscribed_at.is_not(None),
    )
    return {(row.digest, row.contact_list_id) for row in await session.execute(statement)}
