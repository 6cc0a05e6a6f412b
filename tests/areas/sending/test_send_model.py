"""Sends against a small model that knows nothing of the database: who is active, what is used (T21)."""

import random
from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from models.base.ids import Kind, parse
from models.sending.tables import send_reservations
from tests.authz.escalation.profiles import seeds
from tests.client.api import Api
from tests.world.brand import Brand
from tests.world.plans import make_plan, subscribe
from tests.world.sends import check_counts, reserve, settle, used
from tests.world.world import Account, World

_STEPS = 40
_CONTACTS, _SENDS = 3, 12
_NAMES = ("ann", "bob", "carl", "dora", "eve")


@dataclass
class _Booked:
    id: str
    account: Account
    names: frozenset[str]
    status: str = "RESERVED"
    given_back: bool = False


class _Model:
    """What was booked so far: whoever a booking that is not given back names, is active."""

    def __init__(self) -> None:
        self.booked: list[_Booked] = []

    @property
    def live(self) -> list[_Booked]:
        return [one for one in self.booked if one.status in ("RESERVED", "COMMITTED")]

    def of(self, account: Account) -> frozenset[str]:
        """Whom the account sends to."""
        return frozenset[str]().union(*(one.names for one in self.live if one.account is account))

    @property
    def counted(self) -> int:
        """What the accounts count, each by itself; what has expired until it is given back."""
        held = [
            one for one in self.booked if one in self.live or (one.status == "EXPIRED" and not one.given_back)
        ]
        of_account = {(one.account.id, name) for one in held for name in one.names}
        return len(of_account)

    def give_back(self) -> None:
        """Whoever books gives back what has expired."""
        for one in self.booked:
            one.given_back = one.status == "EXPIRED"

    @property
    def used(self) -> tuple[int, int]:
        active = frozenset[str]().union(*(one.names for one in self.live))
        return len(active), sum(len(one.names) for one in self.live)

    def refusal(self, names: frozenset[str]) -> str:
        active = frozenset[str]().union(*(one.names for one in self.live))
        if names - active and len(active | names) > _CONTACTS:
            return "CONTACT_LIMIT_REACHED"
        return "SEND_LIMIT_REACHED" if self.used[1] + len(names) > _SENDS else ""


_PREVIEW = """query ($id: ID!, $to: [String!]) {
  sendPreview(accountId: $id, stream: MARKETING, recipients: $to) { activeContacts } }"""
_OUTCOMES = {
    ("sendCommit", "RESERVED"): "",
    ("sendCommit", "COMMITTED"): "",
    ("sendCommit", "VOIDED"): "RESERVATION_SETTLED",
    ("sendCommit", "EXPIRED"): "RESERVATION_EXPIRED",
    ("sendVoid", "RESERVED"): "",
    ("sendVoid", "COMMITTED"): "RESERVATION_SETTLED",
    ("sendVoid", "VOIDED"): "",
    ("sendVoid", "EXPIRED"): "",
}


@pytest.mark.parametrize("seed", seeds(2))
async def test_any_order(api: Api, brand: Brand, world: World, database: AsyncEngine, seed: int) -> None:
    """Bookings, commits, voids and expiries in whatever order."""
    await subscribe(world, brand.master, await make_plan(world, active_contacts=_CONTACTS, sends=_SENDS))
    chance, model = random.Random(seed), _Model()
    accounts = [brand.master, brand.us, brand.uk, brand.store]
    keys = [(account, await world.api_key(account)) for account in accounts[1:]]
    for step in range(_STEPS):
        what = chance.choice(["reserve", "reserve", "sendCommit", "sendVoid", "sendVoid", "expire"])
        if what == "reserve" or not model.booked:
            names = frozenset(chance.sample(_NAMES, chance.randint(1, 3)))
            account = chance.choice(accounts)
            made = await reserve(api, brand.owner, account, *names)
            assert made.code == model.refusal(names), (seed, step)
            if made.done:
                model.give_back()
                model.booked.append(_Booked(made.payload["reservation"]["id"], account, names))
        elif what == "expire":
            one = chance.choice(model.booked)
            if one.status == "RESERVED":
                await _expire(database, one)
                one.status = "EXPIRED"
        else:
            one = chance.choice(model.booked)
            code = await settle(api, brand.owner, what, one.id)
            assert code == _OUTCOMES[what, one.status], (seed, step)
            if code == "" and one.status == "RESERVED":
                one.status = "COMMITTED" if what == "sendCommit" else "VOIDED"
            elif code == "" and what == "sendVoid":
                one.given_back = one.status == "EXPIRED"
        assert await used(api, brand.owner, brand.us) == model.used, (seed, step)
        account, key = chance.choice(keys)
        assert await used(api, key, account) == (model.counted, model.used[1]), (seed, step)
        seen = await api.read(_PREVIEW, key, id=account.id, to=[f"{name}@example.com" for name in _NAMES])
        assert seen == {"sendPreview": {"activeContacts": len(model.of(account))}}, (seed, step)
    await reserve(api, brand.owner, brand.us, _NAMES[0])
    await check_counts(database, brand.master)


async def _expire(database: AsyncEngine, booked: _Booked) -> None:
    reservation = send_reservations.c
    statement = update(send_reservations).where(reservation.id == parse(Kind.SEND_RESERVATION, booked.id))
    async with database.begin() as connection:
        await connection.execute(statement.values(expires_at=reservation.created_at))
