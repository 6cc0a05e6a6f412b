"""`deliverability` says what a send does, in any tree, with any blocks, unsubscribes and bounces (N8).

Both are held against a model that is written here, from the requirements alone: block entries count in the
account and all below (R67), unsubscribes and bounces in their account (R78, R79), an unsubscribe for
marketing alone, and for its list alone where support has set that (R77).
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.staff.overrides import OverrideKind
from models.staff.tables import StaffRole
from tests.authz.escalation.profiles import examples
from tests.client.api import Api, Caller
from tests.world.block_list import give_entries
from tests.world.contacts import give_listed_contact
from tests.world.sends import booking
from tests.world.staff import set_override, staff_member
from tests.world.suppressions import deliverability, give_bounce, give_unsubscribe
from tests.world.world import Account, World

_ADDRESSES = [f"{name}@example.com" for name in ("ann", "bob", "carl")]
_MOST_ACCOUNTS = 4
_CAUSES = ("BLOCK_LIST", "UNSUBSCRIBE", "BOUNCE")
_PREVIEW = """query ($accountId: ID!, $stream: SendStream!, $recipients: [String!]) {
  sendPreview(accountId: $accountId, stream: $stream, recipients: $recipients) {
    recipients leftOut { index cause } } }"""


@dataclass(frozen=True)
class Tree:
    """A tree, and what excludes addresses in it. `parents`: of each account but the first one. Accounts and
    addresses are named by their numbers."""

    parents: list[int]
    blocks: set[tuple[int, int]]
    unsubscribes: set[tuple[int, int, bool]]
    """The last value: it is about a list."""
    bounces: set[tuple[int, int]]
    by_list: set[int]
    """Where support has set that an unsubscribe applies to the list concerned."""

    def path(self, account: int) -> list[int]:
        """The account and those above it."""
        return [account] if account == 0 else [account, *self.path(self.parents[account - 1])]

    def causes(self, account: int, address: int, *, to_list: bool) -> list[tuple[str, int]]:
        """All that excludes the address in the account, with whose it is. `to_list`: a send to its list."""
        found = [("BLOCK_LIST", above) for above in self.path(account) if (above, address) in self.blocks]
        kinds = {False, True} if account not in self.by_list or to_list else {False}
        left = [kind for kind in (False, True) if (account, address, kind) in self.unsubscribes]
        found += [("UNSUBSCRIBE", account) for kind in left if kind in kinds]
        return found + [("BOUNCE", account)] * ((account, address) in self.bounces)


_accounts = st.integers(0, _MOST_ACCOUNTS - 1)
_addresses = st.integers(0, len(_ADDRESSES) - 1)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Any."""
    return Tree(
        [draw(st.integers(0, number)) for number in range(_MOST_ACCOUNTS - 1)],
        draw(st.sets(st.tuples(_accounts, _addresses), max_size=6)),
        draw(st.sets(st.tuples(_accounts, _addresses, st.booleans()), max_size=8)),
        draw(st.sets(st.tuples(_accounts, _addresses), max_size=4)),
        draw(st.sets(_accounts, max_size=2)),
    )


@pytest.fixture(scope="session")
def registry(database: AsyncEngine) -> World:
    """For all examples."""
    return World(database)


@examples(3)
@given(tree=trees())
async def test_deliverability_and_sends_are_what_the_requirements_say(
    tree: Tree, api: Api, registry: World
) -> None:
    accounts, lists = await _plant(registry, tree)
    owner = await registry.member(accounts[0], BuiltinRole.OWNER)
    for number, account in enumerate(accounts):
        told = await deliverability(api, owner, account, *_ADDRESSES)
        expected = [tree.causes(number, address, to_list=False) for address in range(len(_ADDRESSES))]
        assert [_shown(each, accounts) for each in told] == [sorted(causes) for causes in expected]
        to_list = await deliverability(api, owner, account, *_ADDRESSES, contactListId=lists[number])
        assert [_shown(each, accounts) for each in to_list] == [
            sorted(tree.causes(number, address, to_list=True)) for address in range(len(_ADDRESSES))
        ]
        for stream in ("MARKETING", "TRANSACTIONAL"):
            able = [index for index, each in enumerate(told) if each[stream.lower()]]
            stopping = {cause for cause in _CAUSES if stream == "MARKETING" or cause != "UNSUBSCRIBE"}
            first = {
                index: next(cause for cause, _ in causes if cause in stopping)
                for index, causes in enumerate(expected)
                if any(cause in stopping for cause, _ in causes)
            }
            assert able == [index for index in range(len(_ADDRESSES)) if index not in first]
            preview = await _preview(api, owner, account, stream)
            assert preview["recipients"] == len(able)
            assert {each["index"]: each["cause"] for each in preview["leftOut"]} == first


async def _plant(world: World, tree: Tree) -> tuple[list[Account], list[str]]:
    """The accounts, and the id of a list of each."""
    accounts = [await world.account()]
    for parent in tree.parents:
        accounts.append(await world.account(accounts[parent]))
    keys = [(await give_listed_contact(world, account)).list_key for account in accounts]
    for account, address in tree.blocks:
        await give_entries(world, accounts[account], [_ADDRESSES[address]])
    for account, address, of_list in tree.unsubscribes:
        list_key = keys[account] if of_list else None
        await give_unsubscribe(world, accounts[account], _ADDRESSES[address], list_key)
    for account, address in tree.bounces:
        await give_bounce(world, accounts[account], _ADDRESSES[address])
    for account in tree.by_list:
        asker = await staff_member(world, StaffRole.AGENT)
        approver = await staff_member(world, StaffRole.APPROVER)
        kind = OverrideKind.UNSUBSCRIBE_SCOPE
        await set_override(world, accounts[account], kind, asker, approver=approver)
    return accounts, [f"clst_{account.key}_{key}" for account, key in zip(accounts, keys, strict=True)]


def _shown(told: dict[str, Any], accounts: list[Account]) -> list[tuple[str, int]]:
    numbers = {account.id: number for number, account in enumerate(accounts)}
    return sorted((each["cause"], numbers[each["account"]["id"]]) for each in told["exclusions"])


async def _preview(api: Api, owner: Caller, account: Account, stream: str) -> dict[str, Any]:
    values = booking(account, stream=stream) | {"recipients": _ADDRESSES}
    del values["idempotencyKey"]
    found: dict[str, Any] = (await api.read(_PREVIEW, owner, **values))["sendPreview"]
    return found
