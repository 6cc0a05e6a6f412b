"""A reservation that is committed takes over the contacts that others hold."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    bindparam,
    delete,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.guards.exclusive import Authorized
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, columns_of, in_tree
from models.base.ids import SendReservationId
from models.sending.tables import active_contacts, contact_claims
from resolvers.plans.pooled_contacts import looked_up, reservation_is
from resolvers.sending.lists.recipient_rows import active_contact_of
from resolvers.sending.release import is_open, leave_claims


async def take_claims(session: WriteSession, account: Authorized, reservation_id: SendReservationId) -> None:
    """This reservation takes over its contacts that another open reservation holds, so that they stay active.
    All of these contacts have rows, and the upsert finds the rows by their keys. PostgreSQL would plan an
    UPDATE by statistics that do not know of a million new rows yet. If another account has sent to a contact,
    this account's claim on it stays, because this account sent to it too."""
    values = {"reservation_id": reservation_id, **columns_of(account)}
    await _LEAVE.send(session, values)
    await _TAKE.send(session, values)
    await _FORGET.send(session, values)


RESERVATION_ID = bindparam("reservation_id", type_=Uuid())
_OWN_CLAIM = and_(
    contact_claims.c.master_id == NAMED.master_id, contact_claims.c.reservation_id == RESERVATION_ID
)


def _claimed() -> Select[Any]:
    claim = contact_claims.c
    return select(claim.master_id, claim.cycle_id, claim.digest, claim.reservation_id).where(_OWN_CLAIM)


def _leaving() -> FixedStatement:
    """The previous holders still count the contacts."""
    mine = _claimed().subquery("mine")
    contact = active_contact_of(mine, mine.c.master_id, mine.c.cycle_id)
    displaced = (
        select(mine.c.master_id, contact.c.reservation_id, mine.c.cycle_id, mine.c.digest)
        .select_from(mine.join(contact, true()))
        .where(reservation_is(contact.c.master_id, contact.c.reservation_id, is_open))
    )
    return FixedStatement(leave_claims(displaced))


def _taking() -> FixedStatement:
    key = ["master_id", "cycle_id", "digest"]
    # As a column of the table, SQLAlchemy would select it from the table again.
    holder_id = literal_column("active_contacts.reservation_id", Uuid)
    taken = upsert(active_contacts).from_select([*key, "reservation_id"], _claimed())
    return FixedStatement(
        taken.on_conflict_do_update(
            index_elements=key,
            set_={"reservation_id": taken.excluded.reservation_id},
            where=reservation_is(NAMED.master_id, holder_id, is_open),
        )
    )


def _forgetting() -> FixedStatement:
    held = active_contacts.c

    def is_own(holder: FromClause) -> ColumnElement[bool]:
        found: ColumnElement[bool] = holder.c.account_id == NAMED.account_id
        return found

    of_account = looked_up(
        select(held.reservation_id)
        .where(
            in_tree(active_contacts, contact_claims, cycle_id="cycle_id", digest="digest"),
            reservation_is(held.master_id, held.reservation_id, is_own),
        )
        .correlate(contact_claims)
    )
    return FixedStatement(delete(contact_claims).where(_OWN_CLAIM, of_account))


_LEAVE = _leaving()
_TAKE = _taking()
_FORGET = _forgetting()
