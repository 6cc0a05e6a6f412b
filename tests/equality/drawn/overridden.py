"""Platform staff, what they have set in the world's accounts, and what they were asked for."""

from collections.abc import Sequence

from models.staff.overrides import NEED_APPROVAL, OverrideKind
from models.staff.tables import StaffRole
from tests.world.staff import ask_for_subaccounts, expire_override, set_override, staff_member
from tests.world.world import Account, Person, World


async def add_staff(
    world: World, accounts: Sequence[Account], master: Account, people: dict[str, Person]
) -> list[str]:
    """Overrides of every kind in the first of the accounts and in its master account, and of every status in
    each; the staff are added to the people. The ids of overrides and requests."""
    agent, approver = await staff_member(world), await staff_member(world, StaffRole.APPROVER)
    people |= {"agent of the staff": agent, "approver of the staff": approver}
    found = [
        await set_override(world, account, kind, agent, approver=approver if kind in NEED_APPROVAL else None)
        for account in (master, accounts[0])
        for kind in OverrideKind
    ]
    rights = OverrideKind.USER_RIGHTS
    found += [
        await set_override(world, master, rights, agent, person=person)
        for person in list(people.values())[:2]
    ]
    for account in accounts:
        waiting = await set_override(world, account, OverrideKind.REVIEW_APPROVED, agent)
        ended = await set_override(world, account, OverrideKind.SENDING_DOMAINS, approver, ended=True)
        expired = await set_override(world, account, OverrideKind.FIELD_FUNCTIONS, agent)
        await expire_override(world, expired)
        found += [waiting, ended, expired]
    requests = [
        await ask_for_subaccounts(world, master, declined_by=agent),
        *[await ask_for_subaccounts(world, account) for account in (master, accounts[-1])],
    ]
    return [*(override.id for override in found), *requests]
