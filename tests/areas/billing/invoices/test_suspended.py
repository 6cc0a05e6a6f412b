"""What cycles cost throughout which an account was suspended, or one above it (R20)."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.base.ids import AccountId, new_id
from resolvers.billing.status_history import StatusChange, SuspendedAccounts, out_of_use_throughout
from server.database.clock import Clock
from tests.client.api import Api
from tests.client.mutations import done
from tests.world.billing import invoices_of, issue, lines_of, send
from tests.world.credit import EURO, give_credit
from tests.world.plans import make_plan, subscribe
from tests.world.world import World

_BEGINNING = datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
_PATH = [AccountId(new_id()) for _ in range(3)]


def _at(minute: int) -> datetime.datetime:
    return _BEGINNING + datetime.timedelta(minutes=minute)


def _day(month: int, day: int) -> datetime.datetime:
    return datetime.datetime(2031, month, day, 12, tzinfo=datetime.UTC)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from(_PATH), st.sampled_from(AccountStatus))),
    st.integers(0, 12),
)
def test_out_of_use_is_out_of_use_at_each_moment(
    drawn: list[tuple[int, AccountId, AccountStatus]], starts: int
) -> None:
    """As looking at each moment tells, with moments a minute apart; the cycle ends at the thirteenth."""
    drawn.sort(key=lambda change: change[0])
    changes = [StatusChange(account, status, _at(minute)) for minute, account, status in drawn]
    usable = False
    for moment in range(starts, 13):
        now = {account: status for minute, account, status in drawn if minute <= moment}
        usable |= all(status is AccountStatus.ACTIVE for status in now.values())
    assert out_of_use_throughout(changes, _at(starts)) == (not usable)


@pytest.mark.parametrize("suspended", SuspendedAccounts)
async def test_a_cycle_without_any_use_costs_no_plan(
    api: Api, world: World, clock: Clock, application: AsyncEngine, suspended: SuspendedAccounts
) -> None:
    """Where the deployment gives a pause: what was sent and bought is charged in any case, and so is the plan
    of a cycle in which the account could be used at all. It counts who is suspended above, too."""
    await clock.show(_day(1, 1))
    agency = await world.account(name="Agency")
    owner = await world.member(agency, BuiltinRole.OWNER)
    hotel = await world.account(agency, "Hotel")
    spa = await world.account(hotel, "Spa")
    limits = {"active_contacts": 50, "sends": 1, "send_price": EURO, "block_price": 3 * EURO}
    await subscribe(world, agency, await make_plan(world), anchored_at=_day(1, 1))
    await subscribe(
        world, spa, await make_plan(world, name="Spas", price=10 * EURO, **limits), anchored_at=_day(1, 1)
    )
    await give_credit(world, agency, 10 * EURO)

    # In January it is used and suspended; February and March are a pause, first its own, then the hotel's.
    await send(api, owner, spa, *"abc")
    await done(api, "limitIncrease", owner, accountId=spa.id, blocks=1, idempotencyKey="1")
    await done(api, "accountSuspend", owner, accountId=spa.id)
    await clock.show(_day(2, 20))
    await done(api, "accountSuspend", owner, accountId=hotel.id)
    await clock.show(_day(4, 10))
    await done(api, "accountResume", owner, accountId=hotel.id)
    await done(api, "accountResume", owner, accountId=spa.id)
    # Closed while it is suspended, for less than the whole of May.
    await clock.show(_day(5, 10))
    await done(api, "accountSuspend", owner, accountId=hotel.id)
    await clock.show(_day(7, 10))
    await done(api, "accountClose", owner, accountId=spa.id)
    await clock.show(_day(9, 2))
    for _ in range(2):
        await issue(application, suspended)

    found = await invoices_of(api, owner, agency)
    months = {invoice["startsAt"][5:7]: lines_of(invoice) for invoice in found}
    plan = ("Spa", "PLAN", 1, 1000)
    assert months.pop("01") == [plan, ("Spa", "CONTACT_BLOCK", 1, 300), ("Spa", "SENDS_BEYOND", 2, 200)]
    charged = {"04", "05"} if suspended is SuspendedAccounts.PAUSE else {"02", "03", "04", "05", "06", "07"}
    assert months == {month: [plan] for month in charged}
