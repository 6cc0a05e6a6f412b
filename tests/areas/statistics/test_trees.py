"""Statistics of an account and those below, by what the viewer may read."""

import random
from collections import Counter
from typing import Any

import pytest

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from engine.text.forms import compared
from engine.writes.sessions import WriteSessions
from models.accounts.tables import ParentAccess
from tests.areas.statistics.asking import DAY, MAY, SENT, ask, count_and_add_up, read, sent_by
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.world.shares import Given, give_share
from tests.world.statistics import count_there, counted, labeled, roll_up
from tests.world.world import World


async def test_a_tree_side_by_side(api: Api, world: World, sessions: WriteSessions) -> None:
    """Only the accounts below in which the viewer has STATISTICS_READ."""
    master = await world.account()
    middle, shut = await world.account(master), await world.account(master)
    leaf = await world.account(middle)
    await set_parent_access(world, shut, ParentAccess.NONE)
    owner = await world.member(master, BuiltinRole.OWNER)
    analyst = await world.member(middle, BuiltinRole.ANALYST)
    for number, account in enumerate((master, middle, shut, leaf)):
        await count_there(sessions, account, counted(SENT, MAY, 10**number))
    await roll_up(sessions, master)
    by = {"by": ["ACCOUNT"], "below": True}
    assert sent_by(await read(api, owner, master, **by), "account") == {
        master.id: 1,
        middle.id: 10,
        leaf.id: 1000,
    }
    (row,) = await read(api, owner, master, below=True)
    assert row["numbers"]["sent"] == 1011
    assert sent_by(await read(api, owner, master, by=["ACCOUNT"]), "account") == {master.id: 1}
    # Roles of analysts do not apply below.
    assert sent_by(await read(api, analyst, middle, **by), "account") == {middle.id: 10}
    assert (await ask(api, analyst, master, **by)).codes == ["NOT_FOUND"]
    assert (await ask(api, owner, shut)).codes == ["FORBIDDEN"]


async def test_parts_of_a_tree_are_not_seen(api: Api, world: World, sessions: WriteSessions) -> None:
    """Also where what is below is seen again. Labels that are only there are not told."""
    master = await world.account()
    shut = await world.account(master)
    below = await world.account(shut)
    deepest = await world.account(below)
    for account in (shut, deepest):
        await set_parent_access(world, account, ParentAccess.NONE)
    owner = await world.member(master, BuiltinRole.OWNER)
    await world.member(below, BuiltinRole.ANALYST, owner.person)
    for number, account in enumerate((master, shut, below, deepest)):
        seen = counted(SENT, MAY, 10**number, labeled("all"))
        await count_there(sessions, account, seen, counted(SENT, MAY, 1, labeled(compared(account.name))))
    await roll_up(sessions, master)
    by_label = {"all": 101, compared(master.name): 1, compared(below.name): 1}
    assert sent_by(await read(api, owner, master, by=["LABEL"], below=True), "label") == by_label
    (row,) = await read(api, owner, master, below=True)
    assert row["numbers"]["sent"] == 103
    by_account = {master.id: 2, below.id: 101}
    assert sent_by(await read(api, owner, master, by=["ACCOUNT"], below=True), "account") == by_account


@pytest.mark.parametrize("seed", range(4))
async def test_a_whole_tree_is_the_sum_of_its_accounts(
    seed: int, api: Api, world: World, sessions: WriteSessions
) -> None:
    """Whatever is shut in it."""
    chance = random.Random(seed)
    tree = [await world.account()]
    for _ in range(12):
        tree.append(await world.account(chance.choice(tree)))
    for account in tree[1:]:
        if chance.random() < 0.3:
            await set_parent_access(world, account, ParentAccess.NONE)
    owner = await world.member(tree[0], BuiltinRole.OWNER)
    for account in chance.sample(tree[1:], 3):
        await world.member(account, BuiltinRole.ADMINISTRATOR, owner.person)
    for account in tree:
        days = [MAY + chance.randint(-60, 60) * DAY for _ in range(3)]
        given = [counted(SENT, day, chance.randint(1, 99), labeled(chance.choice("abc"))) for day in days]
        await count_there(sessions, account, *given)
    await roll_up(sessions, tree[0])
    asked: dict[str, Any] = {"since": "2026-03-20", "until": "2026-06-11", "below": True}
    by_account = await read(
        api, owner, tree[0], **asked, interval="MONTH", by=["ACCOUNT", "LABEL"], first=100
    )
    expected = Counter[tuple[str, str]]()
    for row in by_account:
        expected[row["startsOn"], row["label"]] += row["numbers"]["sent"]
    whole = await read(api, owner, tree[0], **asked, interval="MONTH", by=["LABEL"])
    assert sent_by(whole, "startsOn", "label") == expected
    assert 1 < len({row["account"]["id"] for row in by_account}) < len(tree)


async def test_other_trees_stay_apart(api: Api, world: World, sessions: WriteSessions) -> None:
    one, other = await world.account(), await world.account()
    for account in (one, other):
        await count_and_add_up(sessions, account, counted(SENT, MAY))
    owner = await world.member(one, BuiltinRole.OWNER)
    (row,) = await read(api, owner, one, below=True)
    assert row["numbers"]["sent"] == 1
    assert (await ask(api, owner, other, below=True)).codes == ["NOT_FOUND"]


async def test_a_share_of_statistics_alone(api: Api, world: World, sessions: WriteSessions) -> None:
    """It shows them, and nothing else of the account (R38)."""
    master = await world.account()
    account = await world.account(master)
    owner, guest = await world.member(master, BuiltinRole.OWNER), await world.person()
    await give_share(world, [account], guest, owner.person, Given(role=None, areas=[Area.STATISTICS]))
    await count_there(sessions, master, counted(SENT, MAY))
    await count_there(sessions, account, counted(SENT, MAY, 5))
    await roll_up(sessions, master)
    by_account = {"by": ["ACCOUNT"], "below": True}
    assert sent_by(await read(api, guest, account, **by_account), "account") == {account.id: 5}
    assert (await ask(api, guest, master)).codes == ["NOT_FOUND"]
    contacts = "query ($id: ID!) { account(id: $id) { contacts { totalCount } } }"
    assert (await api.ask(contacts, guest, id=account.id)).codes == ["FORBIDDEN"]
