"""How people get in: by sessions, factors, single sign-on, groups of a directory, and invitations to proved
addresses."""

from collections.abc import Mapping

from authz.policy.builtin_roles import BuiltinRole
from tests.areas.scim.giving import give_all
from tests.areas.second_factor.requiring import prove_factor, require_factor
from tests.areas.second_factor.stored import give_everything
from tests.areas.sessions.stored import give_limits, give_session
from tests.areas.single_sign_on.giving import give_single_sign_on
from tests.equality.drawn import rows
from tests.equality.drawn.agency import Agency
from tests.world.world import Account, Person, World


async def make_sign_ins(
    world: World, agency: Agency, brand: Account, people: Mapping[str, Person]
) -> list[str]:
    """Of some viewers, who keep their reach: what requires a second factor holds nothing else. Their ids."""
    owner, both = people["owner of a tree"], people["member in two trees"]
    await give_single_sign_on(world, agency.master, owner)
    await give_all(world, agency.master, people["analyst"])
    await give_limits(world, agency.master, idle_minutes=60)
    await give_limits(world, brand, maximum_minutes=600)
    guarded = [await world.account(brand, f"Guarded {number}") for number in range(2)]
    for account in guarded:
        await require_factor(world, account)
    await give_everything(world, both)
    await give_everything(world, owner)
    await prove_factor(world, owner.token)
    sessions = [(await give_session(world, person))[0] for person in (owner, both)]
    # An override keeps the owner's own invitations from being accepted.
    offered = [
        await rows.invitation(world, account, BuiltinRole.ANALYST, both, invited=person)
        for account in (brand, *guarded)
        for person in (people["analyst"], people["nobody's member"])
    ]
    return [*(account.id for account in guarded), *sessions, *offered]
