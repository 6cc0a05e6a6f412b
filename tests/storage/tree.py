"""A tree with a row in every table."""

from dataclasses import dataclass

from authz.policy.builtin_roles import BuiltinRole
from models.areas import modules_of_areas
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Tree:
    """A master account with its owner, and an account below it."""

    master: Account
    account: Account
    owner: Member


async def make_tree(world: World) -> Tree:
    """A tree in which each area has put a row into each of its tables."""
    master = await world.account()
    account = await world.account(master)
    tree = Tree(master, account, await world.member(master, BuiltinRole.OWNER))
    for area in modules_of_areas("tests.areas.{area}.oracle"):
        if hasattr(area, "give_rows"):
            await area.give_rows(world, tree)
    return tree
