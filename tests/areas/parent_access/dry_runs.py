"""What is tried about parent access in dry runs with random inputs."""

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.client.links import ask, break_glass, set_parent_access
from tests.world.world import Account


def _subaccount(tries: Tries, draw: Draw) -> Account:
    """One with a link, where there is any."""
    below = tries.tree[1:] or tries.tree
    return below[draw.account % len(below)]


async def _parent_access_update(tries: Tries, draw: Draw) -> Try:
    """By either side of the link."""
    account = _subaccount(tries, draw)
    own = await tries.own_owner(account)
    values = {"accountId": account.id, "expectedVersion": await tries.version(account)}
    return Try(
        tries.owner if draw.passes_all else own,
        values | {"parentAccess": _mode(draw).value, "reason": "Because"},
    )


async def _parent_access_answer(tries: Tries, draw: Draw) -> Try:
    """What the one side asks for, by the other."""
    account = _subaccount(tries, draw)
    own, from_above = await tries.own_owner(account), draw.passes_all
    asker, answering = (tries.owner, own) if from_above else (own, tries.owner)
    await ask(tries.world, account, _mode(draw), asker.person, from_above=from_above)
    accept = draw.target % 4 != 0
    return Try(answering, {"accountId": account.id, "parentAccess": _mode(draw).value, "accept": accept})


async def _break_glass_open(tries: Tries, draw: Draw) -> Try:
    account = await _closed_below_guest(tries, draw)
    return Try(tries.guest, {"accountId": account.id, "reason": "Fire", "hours": 1 + draw.target})


async def _break_glass_end(tries: Tries, draw: Draw) -> Try:
    """By the opener or, in its place, by the account's owner."""
    account = await _closed_below_guest(tries, draw)
    opening = await break_glass(tries.world, account, tries.guest)
    ending = tries.guest if draw.passes_all else await tries.own_owner(account)
    return Try(ending, {"breakGlassId": opening.id})


async def _closed_below_guest(tries: Tries, draw: Draw) -> Account:
    """An account with glass to break, and the guest administers one above it."""
    account = _subaccount(tries, draw)
    above = [other for other in tries.tree if other.key in account.path]
    if above:
        place = above[draw.role % len(above)]
        await tries.world.member(place, BuiltinRole.ADMINISTRATOR, tries.guest)
        await set_parent_access(tries.world, account, ParentAccess.BREAK_GLASS)
    return account


def _mode(draw: Draw) -> ParentAccess:
    return list(ParentAccess)[draw.role % len(ParentAccess)]


TRIES = {
    "parentAccessUpdate": _parent_access_update,
    "parentAccessAnswer": _parent_access_answer,
    "breakGlassOpen": _break_glass_open,
    "breakGlassEnd": _break_glass_end,
}
