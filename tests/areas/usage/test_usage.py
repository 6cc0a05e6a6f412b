"""What a cycle has used, whoever looks (R18, R58)."""

import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.accounts.tables import ParentAccess
from server.database.clock import Clock
from tests.client.api import Api, Caller
from tests.client.links import set_parent_access
from tests.world.brand import Brand
from tests.world.budgets import set_budget
from tests.world.credit import give_credit
from tests.world.plans import GROWTH, STARTER, buy, choose, subscribe
from tests.world.sends import let_expire, reserve, reserved, used
from tests.world.shares import Given, give_share
from tests.world.usage import DAYS, FIGURES, MIDNIGHT, give_sends, usage_of
from tests.world.world import Account, World


async def _senders(api: Api, caller: Caller, account: Account) -> tuple[int, dict[str, int]]:
    """The sum, and who sent how many in the order of the list."""
    shown = "sent accounts(first: 100) { totalCount nodes { account { id } sends } }"
    usage = await usage_of(api, caller, account, shown)
    nodes = usage["accounts"]["nodes"]
    assert usage["accounts"]["totalCount"] == len(nodes)
    return usage["sent"], {node["account"]["id"]: node["sends"] for node in nodes}


async def test_usage_is_the_subscriptions_wherever_one_looks(api: Api, planned: Brand, world: World) -> None:
    """R18, R19: limits are shared; what was sent is of the subtree."""
    await give_sends(world, planned.us, 70, contacts=30)
    await give_sends(world, planned.store, 20, contacts=10)
    for account, sent in ((planned.master, 90), (planned.us, 90), (planned.store, 20), (planned.uk, 0)):
        assert await usage_of(api, planned.owner, account, FIGURES) == {
            "startsAt": "2027-02-28T23:00:00+00:00",
            "endsAt": "2027-03-31T22:00:00+00:00",
            "sent": sent,
            "activeContacts": {"used": 40, "limit": 100},
            "sends": {"used": 90, "limit": 1000, "beyond": 0, "capLeft": None},
            "warnings": [],
            "actions": [],
        }


async def test_usage_is_what_sends_have_booked(api: Api, planned: Brand, database: AsyncEngine) -> None:
    """Open reservations count, lapsed ones do not, though nobody has given them back yet."""
    await reserved(api, planned.owner, planned.us, "ann", "bob")
    await reserved(api, planned.owner, planned.uk, "ann", "carl", "dora")
    shown = "activeContacts { used } sends { used }"
    figures = await usage_of(api, planned.owner, planned.master, shown)
    both = (figures["activeContacts"]["used"], figures["sends"]["used"])
    assert both == await used(api, planned.owner, planned.master) == (4, 5)
    assert await _senders(api, planned.owner, planned.master) == (5, {planned.uk.id: 3, planned.us.id: 2})
    await let_expire(database, planned.uk)
    assert await usage_of(api, planned.owner, planned.master, shown) == {
        "activeContacts": {"used": 2},
        "sends": {"used": 2},
    }
    assert await _senders(api, planned.owner, planned.master) == (2, {planned.us.id: 2})


async def test_a_cycle_that_is_over_stays_as_it_ended(
    api: Api, planned: Brand, world: World, clock: Clock
) -> None:
    """R98, T20, T22: with the plan of its last moment and what was bought for it; the boundary is the new
    cycle's."""
    await choose(world, planned.master, STARTER, MIDNIGHT + datetime.timedelta(days=20))
    await choose(world, planned.master, GROWTH, datetime.datetime(2027, 3, 31, 22, tzinfo=datetime.UTC))
    await buy(world, planned.master, 7)
    await give_sends(world, planned.us, 25_007, contacts=2400)
    assert await usage_of(api, planned.owner, planned.master, "sent", "PREVIOUS") is None
    await clock.show(datetime.datetime(2027, 3, 31, 22, tzinfo=datetime.UTC))
    before = await usage_of(api, planned.owner, planned.master, f"{FIGURES} {DAYS}", "PREVIOUS")
    assert before == {
        "startsAt": "2027-02-28T23:00:00+00:00",
        "endsAt": "2027-03-31T22:00:00+00:00",
        "sent": 25_007,
        "activeContacts": {"used": 2400, "limit": 2507},
        "sends": {"used": 25_007, "limit": 25_007, "beyond": 0, "capLeft": None},
        "warnings": ["CONTACTS_NEAR_LIMIT", "SEND_LIMIT_REACHED"],
        "actions": [],
        "forecast": None,
    }
    now = await usage_of(api, planned.owner, planned.master, FIGURES)
    assert (now["startsAt"], now["sent"]) == (before["endsAt"], 0)
    assert (now["activeContacts"]["limit"], now["sends"]["limit"]) == (10_000, 100_000)


async def test_past_cycles_are_listed_the_last_one_first(
    api: Api, planned: Brand, world: World, clock: Clock
) -> None:
    query = """query ($id: ID!, $after: String) { account(id: $id) { usageHistory(first: 2, after: $after) {
      totalCount nodes { endsAt sent } pageInfo { hasNextPage endCursor } } } }"""
    asked = {"id": planned.us.id}
    nothing = (await api.read(query, planned.owner, **asked))["account"]["usageHistory"]
    assert (nothing["totalCount"], nothing["nodes"]) == (0, [])
    await clock.show(datetime.datetime(2027, 6, 15, tzinfo=datetime.UTC))
    for ago in (3, 1):
        await give_sends(world, planned.us, ago, cycles_ago=ago)
    page = (await api.read(query, planned.owner, **asked))["account"]["usageHistory"]
    assert page["totalCount"] == 3
    assert [(node["endsAt"][:10], node["sent"]) for node in page["nodes"]] == [
        ("2027-05-31", 1),
        ("2027-04-30", 0),
    ]
    cursor = page["pageInfo"]["endCursor"]
    last = (await api.read(query, planned.owner, **asked, after=cursor))["account"]["usageHistory"]
    assert last["nodes"] == [{"endsAt": "2027-03-31T22:00:00+00:00", "sent": 3}]
    assert last["pageInfo"]["hasNextPage"] is False


async def test_what_is_kept_for_others_is_not_left(api: Api, planned: Brand, world: World) -> None:
    """N10: nobody is told of sends that it would be refused."""
    await set_budget(world, planned.us, None, 900)
    await give_sends(world, planned.us, 300)
    await give_sends(world, planned.uk, 100)
    shown = "sends { used limit left } warnings actions"
    used = {"used": 400, "limit": 1000}
    for account, left in ((planned.us, 600), (planned.store, 600), (planned.uk, 0), (planned.master, 0)):
        usage = await usage_of(api, planned.owner, account, shown)
        assert usage["sends"] == used | {"left": left}
        assert usage["warnings"] == ([] if left else ["SEND_LIMIT_REACHED"])
        assert usage["actions"] == ([] if left else ["PLAN_CHANGE"])
    assert (await reserve(api, planned.owner, planned.uk, "ann")).code == "SEND_LIMIT_REACHED"
    await reserved(api, planned.owner, planned.store, "ann")


async def test_who_sent_is_listed_whoever_sent_most_first(api: Api, planned: Brand, world: World) -> None:
    """R58: the account itself and all below it."""
    for account, sends in ((planned.master, 5), (planned.us, 1), (planned.store, 30)):
        await give_sends(world, account, sends)
    total, senders = await _senders(api, planned.owner, planned.master)
    assert (total, list(senders.items())) == (
        36,
        [(planned.store.id, 30), (planned.master.id, 5), (planned.us.id, 1)],
    )
    assert await _senders(api, planned.owner, planned.us) == (31, {planned.store.id: 30, planned.us.id: 1})


async def test_a_subscription_below_counts_with_its_own_cycle(
    api: Api, planned: Brand, world: World, clock: Clock
) -> None:
    """R58: its owner sees every department; what the pool has left is another matter."""
    await subscribe(world, planned.us, GROWTH, "UTC", datetime.datetime(2027, 2, 20, tzinfo=datetime.UTC))
    await give_sends(world, planned.us, 40, subscriber=planned.us)
    await give_sends(world, planned.us, 1000, subscriber=planned.us, cycles_ago=1)
    await give_sends(world, planned.store, 2, subscriber=planned.us)
    await give_sends(world, planned.uk, 3)
    everybody = {planned.us.id: 40, planned.uk.id: 3, planned.store.id: 2}
    assert await _senders(api, planned.owner, planned.master) == (45, everybody)
    assert (await usage_of(api, planned.owner, planned.master, "sends { used }"))["sends"] == {"used": 3}
    assert (await usage_of(api, planned.owner, planned.us, "sends { used }"))["sends"] == {"used": 42}
    # After the cycle below has ended, it is another one's sends that count.
    await clock.show(datetime.datetime(2027, 3, 20, tzinfo=datetime.UTC))
    assert await _senders(api, planned.owner, planned.master) == (3, {planned.uk.id: 3})


async def test_what_one_may_not_see_is_only_part_of_the_sum(api: Api, planned: Brand, world: World) -> None:
    """N3: a link that lets no right pass; R21: a guest sees its account alone."""
    for account, sends in ((planned.us, 10), (planned.store, 20), (planned.uk, 3)):
        await give_sends(world, account, sends)
    await set_parent_access(world, planned.us, ParentAccess.NONE)
    assert await _senders(api, planned.owner, planned.master) == (33, {planned.uk.id: 3})
    guest = await world.person()
    given = Given(BuiltinRole.ANALYST)
    await give_share(world, [planned.uk], guest, planned.owner.person, given)
    assert await _senders(api, guest, planned.uk) == (3, {planned.uk.id: 3})


async def test_limits_need_plan_read_and_credit_needs_credit_read(
    api: Api, priced: Brand, world: World
) -> None:
    """R22: whoever sees statistics alone is still warned, but not of credit."""
    await give_sends(world, priced.us, 100)
    analyst = await world.member(priced.master, BuiltinRole.ANALYST)
    query = f"query ($id: ID!) {{ account(id: $id) {{ usage {{ {FIGURES} {DAYS} credit {{ balance }} }} }} }}"
    answer = await api.ask(query, analyst, id=priced.master.id)
    usage = answer.data["account"]["usage"]
    hidden = {name for name, value in usage.items() if value is None}
    assert hidden == {"activeContacts", "sends", "forecast", "credit"}
    assert (usage["sent"], usage["warnings"]) == (100, ["BEYOND_PLAN"])
    needed = {error["path"][-1]: error["extensions"]["permission"] for error in answer.errors}
    assert needed == dict.fromkeys(hidden, "PLAN_READ") | {"credit": "CREDIT_READ"}

    guest = await world.person()
    given = Given(BuiltinRole.ADMINISTRATOR, hidden=[Area.CREDIT])
    await give_share(world, [priced.master], guest, priced.owner.person, given)
    answer = await api.ask(query, guest, id=priced.master.id)
    usage = answer.data["account"]["usage"]
    day = "2027-03-11"
    assert usage["forecast"] == {
        "runsOutOn": day,
        "contactsRunOutOn": None,
        "sendsRunOutOn": day,
        "creditRunsOutOn": None,
    }
    assert [error["path"][-1] for error in answer.errors] == ["creditRunsOutOn", "credit"]
    assert (usage["credit"], usage["warnings"]) == (None, ["BEYOND_PLAN"])


async def test_the_pools_credit_is_shown_to_whoever_may_see_it_there(
    api: Api, priced: Brand, world: World
) -> None:
    """R18: below, one works under the pool's limits, and does not see what is in it."""
    await give_credit(world, priced.master, 7)
    owner = await world.member(priced.us, BuiltinRole.OWNER)
    assert await usage_of(api, owner, priced.us, "credit { balance }") == {"credit": None}
    assert await usage_of(api, priced.owner, priced.us, "credit { balance }") == {"credit": {"balance": "7"}}


async def test_nothing_is_used_where_nothing_was_sent(api: Api, brand: Brand) -> None:
    """A tree that never chose a plan has the smallest one, since it was made."""
    assert (await reserve(api, brand.owner, brand.us)).code == "BAD_USER_INPUT"
    usage = await usage_of(api, brand.owner, brand.us, f"{FIGURES} {DAYS} credit {{ balance }}")
    assert usage["sends"] == {"used": 0, "limit": 5000, "beyond": 0, "capLeft": None}
    assert set(usage["forecast"].values()) == {None}
    assert (usage["sent"], usage["warnings"], usage["credit"]) == (0, [], {"balance": "0"})
