"""The sample of an account's contacts: drawn at random in the data plane, and masked before it is stored."""

import datetime
import random
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import ARRAY, Row, Select, Uuid, func, literal, select

from authz.wall.tree_door import in_data_plane
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, in_account
from models.contacts.tables import contacts
from resolvers.contacts.attribute_reads import shown_values

SAMPLE_SIZE = 50
"""How many contacts staff look at, at most."""

_SPARE = 70
"""So many more are picked as a rule: ten times the standard deviation, so that there are always enough."""

_FIRST_SHARE = (SAMPLE_SIZE + _SPARE) / 250_000
"""What the first pass picks. It is enough for a large account, so that only smaller ones are passed twice."""

_PATIENCE = datetime.timedelta(seconds=20)
"""A pass through a million contacts takes about a second."""

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
    an import of a million. So all ids are passed, and one in so many is picked.
    """
    async with in_data_plane(session, account):
        await session.execute(select(func.set_config("statement_timeout", f"{_PATIENCE.seconds}s", True)))
        session.wait_up_to(_PATIENCE.seconds + 1.0)
        number, picked = await _pass(session, account, _FIRST_SHARE)
        if len(picked) < min(SAMPLE_SIZE, number):
            number, picked = await _pass(session, account, min(1, (SAMPLE_SIZE + _SPARE) / number))
        ids = _chance.sample(picked, min(SAMPLE_SIZE, len(picked)))
        rows = (await session.execute(_rows(account, ids))).all()
    return Sample(number, [masked(row) for row in rows])


async def _pass(session: WriteSession, account: Place, share: float) -> tuple[int, list[uuid.UUID]]:
    """How many contacts the account has, and the ids of about this share of them."""
    chosen = func.random() < literal(share)
    picked = func.array_agg(contacts.c.id).filter(chosen)
    counted = select(func.count(), picked).select_from(contacts).where(in_account(contacts, account))
    number, ids = (await session.execute(counted)).one()
    return number, list(ids or ())


def _rows(account: Place, ids: list[uuid.UUID]) -> Select[Any]:
    shown = contacts.c
    return (
        select(
            shown.email_canonical,
            shown.phone_canonical,
            shown_values(contacts).label("attributes"),
            shown.source,
            shown.created_at,
        )
        .where(in_account(contacts, account), shown.id == func.any(literal(ids, ARRAY(Uuid))))
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
