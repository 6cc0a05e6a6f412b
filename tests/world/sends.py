"""Sends for tests: booked through the API, and looked at in the database itself."""

import datetime
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import Kind, new_id, present
from models.budgets.tables import credit_counts
from models.sending.tables import (
    ReservationStatus,
    SendStream,
    active_contacts,
    contact_claims,
    send_counts,
    send_cycles,
    send_labels,
    send_reservations,
)
from tests.client.api import Api, Caller
from tests.client.mutations import Attempt, attempt
from tests.world.world import Account, World

SHOWN = "replayed reservation { id status recipients newContacts price account { id } stream expiresAt }"
_numbers = itertools.count(1)


def booking(
    account: Account, *names: str, stream: str = "MARKETING", key: str = "", **more: str
) -> dict[str, Any]:
    """The input of `sendReserve`: to these names at one domain."""
    return more | {
        "accountId": account.id,
        "stream": stream,
        "recipients": [f"{name}@example.com" for name in names],
        "idempotencyKey": key or f"key {next(_numbers)}",
    }


async def reserve(api: Api, caller: Caller, account: Account, *names: str, **more: str) -> Attempt:
    """Book sends to these names."""
    return await attempt(api, "sendReserve", caller, SHOWN, **booking(account, *names, **more))


async def reserved(api: Api, caller: Caller, account: Account, *names: str, **more: str) -> str:
    """The id of a reservation that must succeed."""
    made = await reserve(api, caller, account, *names, **more)
    assert made.done, made
    return str(made.payload["reservation"]["id"])


async def settle(api: Api, caller: Caller, field: str, reservation_id: str) -> str:
    """Commit or void. The code with which it is refused; empty if it was done."""
    return (await attempt(api, field, caller, SHOWN, reservationId=reservation_id)).code


async def used(api: Api, caller: Caller, account: Account) -> tuple[int, int]:
    """The contacts and the sends that are used of the cycle, as the API tells them."""
    query = "query ($id: ID!) { account(id: $id) { subscription { contactsUsed sendsUsed } } }"
    found = (await api.read(query, caller, id=account.id))["account"]["subscription"]
    return found["contactsUsed"], found["sendsUsed"]


_COUNTED_BY_EACH = text("""
  SELECT count(DISTINCT (sent.account_id, known.digest))
  FROM (
    SELECT digest, reservation_id FROM active_contacts WHERE cycle_id = :cycle
    UNION ALL SELECT digest, reservation_id FROM contact_claims WHERE cycle_id = :cycle
  ) AS known
  JOIN send_reservations AS sent ON sent.id = known.reservation_id
""")
"""How many contacts the accounts of a cycle count, each by itself."""


async def check_counts(database: AsyncEngine, account: Account) -> None:
    """The counters of the tree's cycles are what their rows sum to."""
    async with database.connect() as connection:
        for cycle in await connection.execute(
            select(send_cycles).where(send_cycles.c.master_id == account.master)
        ):
            contact, count, reservation = active_contacts.c, send_counts.c, send_reservations.c
            paid = credit_counts.c
            contacts = select(func.count()).where(contact.cycle_id == cycle.id)
            by_account = select(func.sum(count.sends)).where(count.cycle_id == cycle.id)
            by_reservation = select(func.sum(reservation.recipients)).where(
                reservation.cycle_id == cycle.id, reservation.status.in_(["RESERVED", "COMMITTED"])
            )
            credit = select(func.coalesce(func.sum(paid.amount), 0)).where(paid.cycle_id == cycle.id)
            reserved = select(func.coalesce(func.sum(reservation.price), 0)).where(
                reservation.cycle_id == cycle.id, reservation.status.in_(["RESERVED", "COMMITTED"])
            )
            assert (
                await connection.execute(select(credit.scalar_subquery() == reserved.scalar_subquery()))
            ).scalar_one()
            assert (await connection.execute(contacts)).scalar_one() == cycle.contacts
            by_each = (await connection.execute(_COUNTED_BY_EACH, {"cycle": cycle.id})).scalar_one()
            assert by_each == cycle.contacts + cycle.repeated
            for total in (by_account, by_reservation):
                assert ((await connection.execute(total)).scalar_one() or 0) == cycle.sends


async def let_expire(database: AsyncEngine, *of: Account, after: datetime.timedelta | None = None) -> None:
    """The time of the accounts' open reservations is over, or will be."""
    reservation = send_reservations.c
    statement = update(send_reservations).where(reservation.account_id.in_([account.key for account in of]))
    async with database.begin() as connection:
        moment = reservation.created_at if after is None else func.clock_timestamp() + after
        await connection.execute(statement.values(expires_at=moment))


@dataclass(frozen=True)
class Reservation:
    """A reservation in the database."""

    key: uuid.UUID

    @property
    def id(self) -> str:
        """As clients see it."""
        return present(Kind.SEND_RESERVATION, self.key)


async def give_reservation(
    world: World,
    account: Account,
    status: ReservationStatus = ReservationStatus.RESERVED,
    **values: Any,
) -> Reservation:
    """The account has booked one send to a new contact, in a cycle of its own; another account had sent to
    another of its recipients."""
    reservation, cycle_id = Reservation(new_id()), new_id()
    tree = {"master_id": account.master}
    place = {**tree, "account_id": account.key, "cycle_id": cycle_id}
    starts_at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        minutes=next(_numbers)
    )
    counted = int(status in (ReservationStatus.RESERVED, ReservationStatus.COMMITTED))
    written: dict[str, Any] = {"stream": SendStream.MARKETING.value, "status": status.value, "recipients": 1}
    written |= {"new_contacts": 1, "price": 0, "payer_id": account.master}
    written |= {"expires_at": func.now() + datetime.timedelta(minutes=15)}
    if status is not ReservationStatus.RESERVED:
        written["settled_at"] = func.now()
    written |= values
    async with world.database.begin() as connection:
        await connection.execute(
            insert(send_cycles).values(
                **tree,
                account_id=account.key,
                id=cycle_id,
                starts_at=starts_at,
                ends_at=starts_at + datetime.timedelta(minutes=1),
                contacts=counted,
                repeated=counted,
                sends=counted,
            )
        )
        await connection.execute(insert(send_counts).values(**place, sends=counted))
        paid = {"payer_id": written["payer_id"], "amount": written["price"] * counted}
        await connection.execute(insert(credit_counts).values(**place, **paid))
        if "label" in written:
            await connection.execute(insert(send_labels).values(**place, label=written["label"]))
        await connection.execute(insert(send_reservations).values(**place, id=reservation.key, **written))
        if counted:
            contact = {**tree, "cycle_id": cycle_id, "reservation_id": reservation.key}
            await connection.execute(insert(active_contacts).values(**contact, digest=reservation.key.bytes))
            await connection.execute(insert(contact_claims).values(**contact, digest=b"other"))
    return reservation
