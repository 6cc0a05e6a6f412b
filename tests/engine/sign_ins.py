"""Rows of what lets people in: sessions, factors, single sign-on, groups of a directory, invitations."""

from collections.abc import Sequence

from sqlalchemy import insert

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, parse
from models.scim.tables import scim_group_roles
from models.single_sign_on.tables import single_sign_on_roles
from tests.areas.scim.giving import give_group
from tests.areas.second_factor.requiring import require_factor
from tests.areas.second_factor.stored import give_everything, give_passkey
from tests.areas.sessions.stored import give_session
from tests.areas.single_sign_on.giving import give_single_sign_on
from tests.authz.cases.moments import offer
from tests.world.world import Account, Member, World


async def give_sign_ins(world: World, owner: Member, children: Sequence[Account], rows: int) -> None:
    """So many rows of each kind in the owner's master account, or of the owner. The owner is a member of the
    children besides."""
    master, person = owner.account, owner.person
    await give_single_sign_on(world, master, person)
    await give_everything(world, person)
    for child in children:
        await world.member(child, BuiltinRole.ANALYST, person)
    for number in range(rows):
        await give_session(world, person)
        await give_passkey(world, person)
        await require_factor(world, await world.account(master))
        await _invitation(world, owner)
        await _mapped_roles(world, master, number)


async def _invitation(world: World, invited: Member) -> None:
    """To the person's address, from another tree."""
    account = await world.account()
    giver = await world.member(account, BuiltinRole.OWNER)
    await offer(world.database, account, BuiltinRole.ANALYST, invited.person.email, giver.person)


async def _mapped_roles(world: World, master: Account, number: int) -> None:
    """Of one more value of the claim, and of one more group with a person in it."""
    group = parse(Kind.SCIM_GROUP, await give_group(world, master, await world.person()))
    own = {"master_id": master.master, "account_id": master.key, "role_id": BuiltinRole.ANALYST.id}
    async with world.database.begin() as connection:
        await connection.execute(insert(scim_group_roles).values(**own, group_id=group))
        value = {"position": number + 1, "value": f"team {number}"}
        await connection.execute(insert(single_sign_on_roles).values(**own, **value))
