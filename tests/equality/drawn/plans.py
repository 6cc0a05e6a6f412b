"""Plans of a tree and of accounts in it, one that waits, contacts that were bought, sends of every status."""

from models.budgets.tables import BudgetCurrency
from models.sending.tables import ReservationStatus, SendStream
from tests.equality.drawn import rows
from tests.world.budgets import set_budget
from tests.world.plans import BUSINESS, FREE, GROWTH, STARTER, buy, choose, make_plan, subscribe
from tests.world.recipients import give_list
from tests.world.sends import give_reservation
from tests.world.usage import give_sends
from tests.world.world import Account, World


async def make_plans(
    world: World, master: Account, client: Account, leaf: Account, foreign: Account
) -> list[str]:
    """In a tree's master account and two below it, and in a foreign one. The ids of all that was made."""
    await subscribe(world, master, GROWTH, "Pacific/Apia", rows.PAST)
    await choose(world, master, FREE, rows.FUTURE)
    await subscribe(world, client, BUSINESS)
    await buy(world, client, 7)
    own = await make_plan(world, send_price=2**53 + 1, name='"May" \\ 🦊')
    await subscribe(world, leaf, own, "America/Havana", rows.WHOLE_SECOND)
    await subscribe(world, foreign, STARTER)
    found = [plan.id for plan in (FREE, STARTER, GROWTH, own)]
    await set_budget(world, client, 2**31 - 1, 7)
    await set_budget(world, leaf, None, 2**53 + 1, BudgetCurrency.CREDIT)
    await _send(world, master, client, leaf)
    for account in (master, client, leaf, foreign):
        found += [(await give_reservation(world, account, status)).id for status in ReservationStatus]
        stream = SendStream.TRANSACTIONAL.value
        found.append((await give_reservation(world, account, expires_at=rows.PAST, stream=stream)).id)
        for label in ("May", '"Ω" \\ 🦊', "may"):
            sent = await give_reservation(world, account, ReservationStatus.COMMITTED, label=label)
            found.append(sent.id)
        found.append((await give_list(world, account)).id)
    return found


async def _send(world: World, master: Account, client: Account, leaf: Account) -> None:
    """Near a limit, beyond one, and in cycles that are over."""
    await give_sends(world, master, 99_000, contacts=10_000)
    await give_sends(world, client, 1_000_007, contacts=80_000, subscriber=client)
    await give_sends(world, leaf, 3, subscriber=leaf)
    for cycles_ago in (1, 2, 5):
        await give_sends(world, master, cycles_ago, cycles_ago=cycles_ago)
        await give_sends(world, leaf, cycles_ago, cycles_ago=cycles_ago)
