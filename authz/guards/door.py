"""The door of every write for a caller: it enters, is locked and is judged in one trip to the database.

`authz/guards/door.sql` is the stored function; this module calls it. Transactions on one tree wait for their
turn without a connection. For that, the tree must be known before anything is sent. The process knows it once
the caller has passed this door for the account, because no account ever leaves its tree. The first time, the
door reads the caller's rights without a lock, so a caller who is refused takes no turn and locks nothing.
"""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, LargeBinary, Text, Uuid, bindparam, func, select
from sqlalchemy.types import TypeEngine

from authz.callers.principals import Principal, UnknownCallerError
from authz.guards.functions import COLUMNS
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from authz.reach.reach import GRANTS
from authz.reach.second_factor import would_reach
from authz.wall.notes import TransactionNotes
from authz.wall.row_security import entered_with
from engine.database.write_connection import FixedRow
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, MasterId


class Hold(enum.Enum):
    """What the door locks, always from the root down."""

    NOTHING = "NOTHING"
    ACCOUNT = "ACCOUNT"
    """The account for update, and all above it in share mode: for a change of the account."""
    PATH = "PATH"
    """The account and all above it in share mode: rights, statuses, plans and pools stay as they are, and
    other writes about what belongs to the account go on beside it."""
    LOWER_PATH = "LOWER_PATH"
    """The same for the lower one of two accounts, if the other one stands above it; else nothing."""
    TREE = "TREE"
    """The root of the first account's tree for update: it keeps every other write out of the tree."""


@dataclass(frozen=True)
class Passed:
    """`held`: whether what was to be locked is. `rows`: of the accounts in reach, with COLUMNS."""

    held: bool
    rows: Sequence[FixedRow]


async def pass_door(
    session: WriteSession,
    principal: Principal,
    account_ids: Sequence[AccountId | None],
    permission: Permission,
    hold: Hold = Hold.NOTHING,
    until: datetime.datetime | None = None,
) -> Passed:
    """Read what the caller may do in the accounts, behind the locks. `until`: see `mask_of_account`.

    Notes that the transaction may change access below what it holds for update. Raises UnknownCallerError,
    and Refusal with SECOND_FACTOR_REQUIRED.
    """
    notes = session.notes(TransactionNotes)
    values = {
        **principal.credentials.binds,
        "enters": session.opens_itself(),
        "hold": hold.value,
        "wanted": permission.bit,
        "until": until,
        "account_ids": list(account_ids),
    }
    rows = await _DOOR.rows(session, values)
    if not rows:
        raise UnknownCallerError
    found = [row for row in rows if row.id is not None]
    if values["enters"]:
        entered_with(session, principal.credentials)
        notes.revision = rows[0].revision
    if hold in (Hold.ACCOUNT, Hold.TREE):
        notes.touched.update(each for each in account_ids if each is not None)
    if principal.user_id is not None and len(found) < len(set(account_ids)):
        await _check_second_factor(session, principal, account_ids)
    return Passed(rows[0].held, found)


async def _check_second_factor(
    session: WriteSession, principal: Principal, account_ids: Sequence[AccountId | None]
) -> None:
    """Raise SECOND_FACTOR_REQUIRED where that alone keeps an account out of the caller's reach."""
    barred = await session.execute(
        _WOULD_REACH, {**principal.credentials.binds, "account_ids": list(account_ids)}
    )
    if barred.one_or_none() is not None:
        raise Refusal(RefusalCode.SECOND_FACTOR_REQUIRED)


def take_known_turn(
    session: WriteSession, principal: Principal, account_ids: Sequence[AccountId | None]
) -> bool:
    """Take the turn of the accounts' tree, before anything is sent. False if there is an account for which
    the caller has not passed the door before."""
    return all(
        session.take_known_turn((principal.credentials.digest, account_id)) for account_id in account_ids
    )


def take_turn(
    session: WriteSession, principal: Principal, account_ids: Sequence[AccountId], master_id: MasterId
) -> None:
    """Take the turn of this tree, which the accounts are in, and remember it for the caller."""
    for account_id in account_ids:
        session.take_turn(master_id, (principal.credentials.digest, account_id))


def forget_turn(session: WriteSession, principal: Principal, account_ids: Sequence[AccountId | None]) -> None:
    """The caller was refused: next time it is judged before it takes a turn."""
    for account_id in account_ids:
        session.forget_turn((principal.credentials.digest, account_id))


_WOULD_REACH = would_reach(GRANTS, bindparam("account_ids", type_=ARRAY(Uuid())))
_PARAMETERS: dict[str, TypeEngine[Any]] = {
    "principal_digest": LargeBinary(),
    "principal_address": Text(),
    "principal_kind": Text(),
    "link_digest": LargeBinary(),
    "enters": Boolean(),
    "hold": Text(),
    "wanted": BigInteger(),
    "until": DateTime(timezone=True),
    "account_ids": ARRAY(Uuid()),
}
_PASSED = func.mandant_door(
    *(bindparam(name, type_=type_) for name, type_ in _PARAMETERS.items())
).table_valued(*COLUMNS)
_DOOR = FixedStatement(select(*_PASSED.c))
