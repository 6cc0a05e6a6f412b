"""Bounces that a partner's engine has seen, or that came back (R79). Nobody lifts what they exclude."""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, LargeBinary, Text, Uuid, any_, bindparam, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import DateTime

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized, WriteKind
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.base.ids import AccountId, new_id
from models.suppressions.tables import BounceKind, bounces
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.addresses import AddressFault
from resolvers.settings.in_force import effective_settings
from resolvers.settings.values import BounceLimits
from resolvers.suppressions.reports import GivenReport, Report, Reported, read_reports


class BounceOutcome(enum.Enum):
    """What became of a reported bounce."""

    RECORDED = "RECORDED"
    EXCLUDED = "EXCLUDED"
    ALREADY_KNOWN = "ALREADY_KNOWN"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True)
class Bounces:
    """Those of one account."""

    account_id: AccountId
    reports: Sequence[GivenReport[BounceKind]]


@dataclass(frozen=True)
class ToldBounce:
    """Of one report."""

    outcome: BounceOutcome
    message: str | None = None


@dataclass
class _History:
    """What is known of an address."""

    soft_at: list[datetime.datetime]
    excluded_at: datetime.datetime | None
    excluded_by: BounceKind | None
    is_changed: bool = False

    def add(self, kind: BounceKind, at: datetime.datetime, limits: BounceLimits) -> BounceOutcome:
        """One more bounce, told in any order."""
        if self.excluded_by is not None or (kind is BounceKind.SOFT and at in self.soft_at):
            return BounceOutcome.ALREADY_KNOWN
        self.is_changed = True
        if kind is BounceKind.SOFT:
            self.soft_at = sorted([*self.soft_at, at])
            window = datetime.timedelta(days=limits.days)
            within = [each for each in self.soft_at if self.soft_at[-1] - each <= window]
            self.soft_at = within[-limits.soft_bounces :]
            if len(within) < limits.soft_bounces:
                return BounceOutcome.RECORDED
        self.excluded_at, self.excluded_by = at, kind
        return BounceOutcome.EXCLUDED


async def record_bounces(session: WriteSession, principal: Principal, command: Bounces) -> list[ToldBounce]:
    """Record each. One that was told before, of the same address and the same moment, changes nothing.

    Needs CONTACTS_WRITE. It only takes away, so it is allowed in any status of the account.
    """
    account = await authorize_shared(
        session, principal, command.account_id, Permission.CONTACTS_WRITE, WriteKind.TAKES_AWAY
    )
    reports = await read_reports(session, account, command.reports)
    limits = (await effective_settings(session, account)).bounce_limits
    async with in_data_plane(session, account):
        results = await add_bounces(session, account, limits, reports)
    await _log(session, principal, account, results)
    return results


async def add_bounces(
    session: WriteSession, account: Place, limits: BounceLimits, reports: Sequence[Reported[BounceKind]]
) -> list[ToldBounce]:
    """Record each. The caller is in the data plane."""
    digests = sorted({each.address.digest for each in reports if isinstance(each, Report)})
    histories = await _lock(session, account, digests)
    results = []
    for each in reports:
        if isinstance(each, AddressFault):
            results.append(ToldBounce(BounceOutcome.MALFORMED, each.message))
        else:
            results.append(ToldBounce(histories[each.address.digest].add(each.told, each.at, limits)))
    await _store(session, account, histories)
    return results


async def _lock(session: WriteSession, account: Place, digests: Sequence[bytes]) -> dict[bytes, _History]:
    """What is known of the addresses, each locked. Rows that are missing are made first, so that two requests
    for one address wait for each other, always in one order."""
    if not digests:
        return {}
    new = func.unnest(
        literal([new_id() for _ in digests], ARRAY(Uuid)), literal(list(digests), ARRAY(LargeBinary))
    )
    rows = new.table_valued("id", "digest").render_derived()
    values = {
        "master_id": literal(account.master_id, Uuid),
        "account_id": literal(account.account_id, Uuid),
        **{column.name: column for column in rows.c},
        "soft_at": literal([], ARRAY(DateTime(timezone=True))),
    }
    made = upsert(bounces).from_select(list(values), select(*values.values())).on_conflict_do_nothing()
    await session.send_built(made)
    known = bounces.c
    locked = (
        select(known.digest, known.soft_at, known.excluded_at, known.excluded_by)
        .where(in_account(bounces, account), known.digest == any_(literal(list(digests), ARRAY(LargeBinary))))
        .order_by(known.digest)
        .with_for_update()
    )
    return {
        row.digest: _History(
            list(row.soft_at),
            row.excluded_at,
            None if row.excluded_by is None else BounceKind(row.excluded_by),
        )
        for row in await session.execute(locked)
    }


_STORED = (
    update(bounces)
    .where(
        bounces.c.master_id == bindparam("tree", type_=Uuid()),
        bounces.c.account_id == bindparam("of_account", type_=Uuid()),
        bounces.c.digest == bindparam("of_digest", type_=LargeBinary()),
    )
    .values(
        soft_at=bindparam("soft", type_=ARRAY(DateTime(timezone=True))),
        excluded_at=bindparam("since", type_=DateTime(timezone=True)),
        excluded_by=bindparam("by", type_=Text()),
    )
)


async def _store(session: WriteSession, account: Place, histories: dict[bytes, _History]) -> None:
    changed = [
        {
            "tree": account.master_id,
            "of_account": account.account_id,
            "of_digest": digest,
            "soft": known.soft_at,
            "since": known.excluded_at,
            "by": None if known.excluded_by is None else known.excluded_by.value,
        }
        for digest, known in histories.items()
        if known.is_changed
    ]
    await session.execute_each(_STORED, changed)


async def _log(
    session: WriteSession, principal: Principal, account: Authorized, results: Sequence[ToldBounce]
) -> None:
    excluded = sum(result.outcome is BounceOutcome.EXCLUDED for result in results)
    number = excluded + sum(result.outcome is BounceOutcome.RECORDED for result in results)
    if number:
        after = {"bounces": number, "excluded": excluded}
        await record_of_account(session, principal, account, EventType.BOUNCES_REPORTED, None, {**after})
