"""Gives people and programs rights in planted trees: roles, keys and shares, through the API."""

import datetime

from tests.isolation.model import Account, Member, Person, Role, Share
from tests.isolation.planting import accept, invite, make_key, make_narrow_key, make_role, newest
from tests.isolation.rules import AREAS, STOCK_AREAS, STOCK_PERMISSIONS, Gives, area_of
from tests.isolation.site import Site

_NOT_OWNERS = ("ADMINISTRATOR", "ADMINISTRATOR", "DEVELOPER", "FINANCE", "MARKETER", "ANALYST")
_A_DAY = datetime.timedelta(days=1)


async def grant(site: Site, newcomers: int, members: int, keys: int, shares: int) -> None:
    """So many people who sign up by an invitation, memberships of people who are there, keys and shares."""
    for account in site.some(site.world.accounts, 3):
        await make_role(site, account)
    for account in site.some(site.world.accounts, 4):
        await _pass_all_roles(site, account)
    for number in range(newcomers + members):
        await _add_member(site, newcomer=number < newcomers)
    for _ in range(keys):
        account = site.chance.choice(site.world.accounts)
        await make_key(site, account, some_role(site, account))
    subaccounts = [account for account in site.world.accounts if account.parent is not None]
    for area in STOCK_AREAS:
        # Chance alone seldom draws who lacks one of them and has the others.
        wanted = frozenset(name for name in STOCK_PERMISSIONS if area_of(name) != area)
        await make_narrow_key(site, site.chance.choice(subaccounts), wanted)
    for _ in range(2):
        account = site.chance.choice(site.world.accounts)
        await invite(site, account, some_role(site, account), site.email())
    for _ in range(shares):
        await _add_share(site)


def some_role(site: Site, account: Account) -> Role:
    """Any that can be held there, but that of an owner."""
    custom = [role for role in site.world.roles if role.account is not None and role.usable_in(account)]
    built_in = [site.world.role(name) for name in _NOT_OWNERS]
    return site.chance.choice([*custom, *custom, *built_in])


async def _pass_all_roles(site: Site, account: Account) -> None:
    owner = site.master_owner(account)
    await site.do(
        "accountUpdate",
        owner,
        "",
        accountId=account.id,
        expectedVersion=await site.version(account, owner),
        rightsInheritance="ALL_ROLES",
    )
    account.passes_all_roles = True
    site.log(account, "ACCOUNT_UPDATED", owner, "ACCOUNT_WRITE")


async def _add_member(site: Site, *, newcomer: bool) -> None:
    account = site.chance.choice(site.world.accounts)
    role = some_role(site, account)
    person: Person | None = None
    if not newcomer:
        inside = {member.person.id for member in site.world.members if member.account is account}
        outside = [found for found in site.world.people if found.id not in inside]
        if not outside:
            return
        person = site.chance.choice(outside)
    email = site.email() if person is None else person.email
    invitation = await invite(site, account, role, email)
    await accept(site, invitation, role, email, person)


async def end_members(site: Site) -> None:
    """One membership is ended by somebody, one ends by itself, one will tomorrow."""
    owner = site.world.role("OWNER")
    for member, what in zip(
        site.some([member for member in site.world.members if member.role is not owner], 4),
        ("removed", "expired", "later", "removed"),
        strict=False,
    ):
        if what == "removed":
            await _remove(site, member)
        else:
            await _set_end(site, member, ends=what == "expired")


async def _remove(site: Site, member: Member) -> None:
    actor = site.master_owner(member.account)
    await site.do("memberRemove", actor, "", memberId=member.id)
    site.log(member.account, "MEMBER_REMOVED", actor, "MEMBERS_WRITE")
    member.ended = member.removed = True


async def _set_end(site: Site, member: Member, *, ends: bool) -> None:
    actor = site.master_owner(member.account)
    expires_at = site.soon() if ends else site.later(_A_DAY)
    await site.do("memberUpdate", actor, "", memberId=member.id, expiresAt=expires_at)
    site.log(member.account, "MEMBER_UPDATED", actor, "MEMBERS_WRITE")
    member.ended, member.ends = ends, not ends


async def _add_share(site: Site) -> None:
    tree = site.chance.choice(site.world.accounts).master
    accounts = site.some([account for account in site.world.accounts if account.master is tree], 3)
    guests = [person for person in site.world.people if _may_be_guest(site, person, accounts)]
    if not guests:
        return
    guest = site.chance.choice(guests)
    role = some_role(site, tree) if site.chance.random() < 0.6 else None
    areas = frozenset() if role else frozenset(site.chance.sample(sorted(AREAS), 3))
    hidden = frozenset(site.chance.sample(sorted(AREAS - {"ACCOUNT"}), 4)) if role else frozenset()
    share = Share("", guest.email, accounts, role, areas, hidden, site.master_owner(tree))
    given = Role("", "", Gives(site.rights.shared(share), frozenset(), frozenset()))
    share.giver = site.able(accounts, "MEMBERS_WRITE", given)
    fate = site.chance.choice(
        ["PENDING", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "REVOKED", "EXPIRED", "LEFT"]
    )
    await site.do(
        "shareCreate",
        share.giver,
        "",
        accountIds=[account.id for account in accounts],
        email=guest.email,
        roleId=role and role.id,
        areas=None if role else sorted(areas),
        hiddenAreas=sorted(hidden),
        expiresAt=site.soon() if fate == "EXPIRED" else None,
        idempotencyKey=site.once("key"),
    )
    share.id = await newest(site, accounts[0], "shares")
    site.world.shares.append(share)
    for account in accounts:
        site.log(account, "SHARE_CREATED", share.giver, "MEMBERS_WRITE")
    if fate not in ("PENDING", "EXPIRED"):
        await _take(site, share, guest, fate)
    elif fate == "EXPIRED":
        share.status = "EXPIRED"


async def _take(site: Site, share: Share, guest: Person, fate: str) -> None:
    await site.do("shareAccept", guest, "", token=(await site.behind.mailed(guest.email))[-1])
    share.guest, share.status = guest, "ACTIVE"
    for account in share.accounts:
        site.log(account, "SHARE_ACCEPTED", guest, account)
    if fate == "LEFT":
        await site.do("shareLeave", guest, "", shareId=share.id)
        for account in share.accounts:
            site.log(account, "SHARE_LEFT", guest, account)
    elif fate == "REVOKED":
        actor = site.master_owner(share.accounts[0])
        await site.do("shareRevoke", actor, "", shareId=share.id)
        for account in share.accounts:
            site.log(account, "SHARE_REVOKED", actor, "MEMBERS_WRITE")
    if fate in ("LEFT", "REVOKED"):
        share.status = "REVOKED"


def _may_be_guest(site: Site, person: Person, accounts: list[Account]) -> bool:
    member = any(m.person is person and m.account in accounts and not m.ended for m in site.world.members)
    shared = any(
        share.email == person.email and share.status != "REVOKED" and set(share.accounts) & set(accounts)
        for share in site.world.shares
    )
    return not (member or shared)
