"""The sample of an account's contacts: drawn at random in the data plane, and masked before it is stored."""

import datetime
import random
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import Row, Select, func, literal, select

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.contacts.tables import contacts

SAMPLE_SIZE = 50
"""How many contacts staff look at, at most."""

_SPARE = 70
"""So many more are expected to be picked: ten times the standard deviation, so that none is ever missing."""

_PATIENCE = datetime.timedelta(seconds=20)
"""What a pass through an account of some ten million contacts takes."""

_SHORTEST = 3
"""The local part of an address is shown by its first letter if it is at least this long."""

_ADDRESSES = re.compile(r"[^\s@]+@[^\s@]+|[+]?\d(?:[\s()./-]*\d){5,}")
_HIDDEN = "…"

_chance = random.SystemRandom()


@dataclass(frozen=True)
class SampledContact:
    """What staff see of a contact. `attributes`: their names."""

    first_letter: str | None
    email_domain: str | None
    phone_code: str | None
    attributes: Sequence[str]
    source: str
    added_at: datetime.datetime


@dataclass(frozen=True)
class Sample:
    """Some of the account's `contacts`, in the order in which they were added."""

    contacts: int
    drawn: Sequence[SampledContact]


async def draw_sample(session: WriteSession, account: Place) -> Sample:
    """Draw contacts of the account. Each has the same chance, whenever and however it came.

    Ids begin with a moment, so an id at random would be next to a contact that came alone rather than inside
    an import of a million. So all ids are passed, in an index, and one in so many is picked.
    """
    async with in_data_plane(session, account):
        await session.execute(select(func.set_config("statement_timeout", f"{_PATIENCE.seconds}s", True)))
        session.wait_up_to(_PATIENCE.seconds + 1.0)
        number = (await session.execute(_counted(account))).scalar_one()
        if not number:
            return Sample(0, ())
        picked = (await session.execute(_picked(account, number))).scalars().all()
        ids = _chance.sample(picked, min(SAMPLE_SIZE, len(picked)))
        rows = (await session.execute(_rows(account, ids))).all()
    return Sample(number, [masked(row) for row in rows])


def _counted(account: Place) -> Select[Any]:
    return select(func.count()).select_from(contacts).where(in_account(contacts, account))


def _picked(account: Place, number: int) -> Select[Any]:
    ids = select(contacts.c.id).where(in_account(contacts, account))
    wanted = SAMPLE_SIZE + _SPARE
    return ids if number <= wanted else ids.where(func.random() < literal(wanted / number))


def _rows(account: Place, ids: Sequence[uuid.UUID]) -> Select[Any]:
    shown = contacts.c
    return (
        select(shown.email_canonical, shown.phone_canonical, shown.attributes, shown.source, shown.created_at)
        .where(in_account(contacts, account), shown.id.in_(ids))
        .order_by(shown.id)
    )


def masked(contact: Row[Any]) -> SampledContact:
    """What is stored of the contact: never a whole address or number."""
    local, at, domain = (contact.email_canonical or "").rpartition("@")
    phone = contact.phone_canonical
    return SampledContact(
        first_letter=local[0] if len(local) >= _SHORTEST else None,
        email_domain=domain if at else None,
        phone_code=None if phone is None else f"+{phonenumbers.parse(phone).country_code}",
        attributes=[_hide(name) for name in sorted(contact.attributes)],
        source=_hide(contact.source),
        added_at=contact.created_at,
    )


def _hide(typed: str) -> str:
    """The customer's text without addresses and numbers, which may stand in any text."""
    return _ADDRESSES.sub(_HIDDEN, typed)
