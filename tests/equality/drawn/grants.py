"""Who is let into the agency besides its members: by roles of its own, invitations, shares, links."""

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area
from models.accounts.tables import ParentAccess
from tests.client.links import Opening, ask, break_glass, set_parent_access
from tests.equality.drawn import rows
from tests.equality.drawn.agency import Agency
from tests.world.shares import Given, Share, give_share
from tests.world.world import Account, ApiKey, CustomRole, Member, Person, World


async def make_custom_roles(
    world: World,
    agency: Agency,
    brand: Account,
    members: dict[str, Member],
    keys: dict[str, ApiKey],
) -> list[CustomRole]:
    """One that holds below, one of an account below, one of another tree, one that was deleted."""
    sees = "ACCOUNT_READ ROLES_READ MEMBERS_READ"
    reader = await world.role(agency.master, sees, "ACCOUNT_READ ROLES_READ", 'Reader "R" 🦊')
    own = await world.role(agency.client, "ACCOUNT_READ API_KEYS_READ", "ACCOUNT_READ", "reader")
    others = [await world.role(brand), await world.role(agency.shop), await world.role(agency.client)]
    members["holder of a custom role"] = await world.member(agency.client, reader)
    keys["key of a custom role"] = await world.api_key(agency.client, own)
    revoked = await world.api_key(agency.client, others[-1])
    await rows.set_key(world, revoked, revoked_at=rows.PAST)
    await rows.delete_role(world, others[-1])
    by = members["owner of a tree"].person
    await rows.invitation(world, agency.leaves[0], reader, by)
    return [reader, own, *others]


async def make_invitations(world: World, agency: Agency, owner: Member, key: ApiKey) -> list[str]:
    """Of every status. Their ids."""
    role, by = BuiltinRole.ANALYST, owner.person
    return [
        await rows.invitation(world, agency.master, role, by),
        await rows.invitation(world, agency.client, role, key, member_expires_at=rows.WHOLE_SECOND),
        await rows.invitation(world, agency.client, role, by, accepted_at=rows.PAST),
        await rows.invitation(world, agency.client, role, by, revoked_at=rows.PAST),
        await rows.invitation(world, agency.client, role, by, expires_at=rows.PAST),
    ]


async def make_shares(
    world: World, agency: Agency, people: dict[str, Person], key: ApiKey, role: CustomRole
) -> list[Share]:
    """Of every status, to guests and to members; the guests are added to the people."""
    owner, administrator = people["owner of a tree"], BuiltinRole.ADMINISTRATOR
    reads = agency.shop, agency.till, agency.leaves[0]
    few = Given(None, areas=[Area.STATISTICS, Area.AUDIT])
    managing = Given(administrator, hidden=[Area.SETTINGS, Area.API_KEYS], expires_at=rows.FUTURE)
    hidden = Given(administrator, hidden=[Area.MEMBERS, Area.SUBACCOUNTS])
    given: list[tuple[str, tuple[Account, ...], Given]] = [
        ("guest by a share", (agency.client, *agency.leaves[:3]), hidden),
        ("guest by areas alone", reads, few),
        ("guest who manages", (agency.master, agency.client), managing),
        ("guest and member", (agency.client, agency.suspended), Given()),
        ("guest of a custom role", (agency.client, agency.shop), Given(role, hidden=[Area.MEMBERS])),
        ("guest of what has ended", (agency.client,), Given(expires_at=rows.PAST)),
        ("guest of what has ended", (agency.client, agency.till), Given(revoked_at=rows.PAST)),
        ("guest of what has ended", (agency.client,), Given(accepted=False)),
        ("guest of what has ended", reads, Given(accepted=False, link_expires_at=rows.PAST)),
    ]
    for name, _, _ in given:
        if name not in people:
            people[name] = await world.person()
    await world.member(agency.till, BuiltinRole.ADMINISTRATOR, people["guest and member"])
    made = [await give_share(world, accounts, people[name], owner, what) for name, accounts, what in given]
    return [*made, await give_share(world, [agency.shop], people["finance"], key, few)]


async def make_links(world: World, agency: Agency, people: dict[str, Person]) -> list[Opening]:
    """Each mode, what each side asks for, and broken glass that holds, has ended and has expired."""
    for leaf, mode in zip(agency.leaves, ParentAccess, strict=False):
        await set_parent_access(world, leaf, mode)
    _, read_only, glass, closed = agency.leaves[:4]
    above, key = people["administrator of a tree"], await world.api_key(closed)
    await ask(world, read_only, ParentAccess.FULL, above, from_above=True)
    await ask(world, closed, ParentAccess.BREAK_GLASS, key, from_above=False)
    return [
        await break_glass(world, glass, above),
        await break_glass(world, glass, people["owner of a tree"], expires_at=rows.PAST),
        await break_glass(world, glass, people["finance"], ended_at=rows.PAST),
        await break_glass(world, agency.client, people["owner of a tree"], ended_at=rows.PAST),
    ]
