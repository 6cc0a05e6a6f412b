"""Promises that a change would break: everybody tries the change, nobody makes it, and its refusal names the
promise to those alone who see the members of the account that made it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.isolation.model import Account, Asker, Person, Role, Subject
from tests.isolation.reading import Viewer
from tests.isolation.rules import BUILT_IN, Gives, named
from tests.isolation.sight import Json
from tests.isolation.site import Site
from tests.isolation.state import state_of
from tests.isolation.tally import Tally
from tests.isolation.watched.asking import attempt
from tests.isolation.watched.directory import is_directory, send
from tests.isolation.watched.giving import promise_to
from tests.isolation.watched.model import Group

_BROKEN = "PROMISE_BROKEN"
_MOST_ROLES = 20
_GIVES = named("ACCOUNT_READ MEMBERS_WRITE CAMPAIGNS_WRITE")
"""What it takes to give the role of a group that a promise is about."""


@dataclass(frozen=True)
class Breaking:
    """A change, and who may make it but for a promise: that in `place` nobody but the holders of `roles` has
    the permission. `gains`: who would have it."""

    mutation: str
    values: Json
    by: Person
    place: Account
    permission: str
    roles: list[Role]
    gains: Subject


async def compare_promises(site: Site, viewers: list[Viewer], tally: Tally) -> list[str]:
    """The mutations that were tried, each against a promise of its own."""
    tried = []
    for find in (_passing_all, _opening_link, _handing_over):
        breaking = next((found for found in find(site) if _holds(site, found)), None)
        if breaking is None:
            continue
        promise_id = await promise_to(site, breaking.place, breaking.permission, breaking.roles)
        assert promise_id is not None
        before = await state_of(site)
        for viewer in viewers:
            await _try(site, breaking, promise_id, viewer, tally)
        tally.alike(f"after {breaking.mutation} against a promise", before, await state_of(site))
        tried.append(breaking.mutation)
    if await _provision(site, viewers, tally):
        tried.append("SCIM")
    return tried


async def _provision(site: Site, viewers: list[Viewer], tally: Tally) -> bool:
    """A directory puts somebody into a group whose role a promise keeps from it: the person gets nothing, and
    the directory does not learn why."""
    for group in site.world.groups:
        key = next((found for found in viewers if is_directory(site.rights, found, group)), None)
        owner = site.master_owner(group.account)
        users = [] if key is None else (await send(key, "GET", "Users", None)).json()["Resources"]
        for place in [group.account, *site.world.below(group.account)]:
            own = site.world.owner(place)
            # Who is above would have the role's permissions there all the same, and no promise keeps them.
            barred = own is None or site.rights.bars(own, place) or site.rights.bars(owner, place)
            if key is None or not users or barred or place is group.place or place.status != "ACTIVE":
                continue
            # Nobody gives a role for good by broken glass.
            if not site.rights.lasting(owner, place) >= _GIVES:
                continue
            await _put_into_a_group(site, key, owner, place, users[0]["id"], tally)
            return True
    return False


async def _put_into_a_group(
    site: Site, key: Viewer, owner: Person, place: Account, user: str, tally: Tally
) -> None:
    """The role is one that nobody has."""
    name = site.once("Promised")
    body = {"displayName": name, "members": []}
    group = (await send(key, "POST", "Groups", body)).json()["id"]
    wanted = {"accountId": place.master.id, "name": site.once("Role"), "permissions": ["CAMPAIGNS_WRITE"]}
    made = (await site.do("roleCreate", owner, "role { id }", **wanted))["role"]["id"]
    given = {"groupId": f"scgr_{group}", "accountId": place.id, "roleId": made}
    await site.do("scimGroupRoleSet", owner, "", **given)
    here = named("ACCOUNT_READ CAMPAIGNS_WRITE")
    role = Role(made, str(wanted["name"]), Gives(here, frozenset(), here), place.master)
    site.world.groups.append(Group(given["groupId"], place.master, name, 1, role, place))
    promise_id = await promise_to(site, place, "CAMPAIGNS_WRITE", _usable(site, place))
    members = "query ($id: ID!) { account(id: $id) { members(first: 100) { nodes { id } } } }"
    api = await site.api_of(owner)
    before = await api.read(members, owner, id=place.id)
    added = {"Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}]}
    answer = await send(key, "PATCH", f"Groups/{group}", added)
    tally.outcome("a directory against a promise", frozenset({""}), "" if answer.is_success else "refused")
    tally.fact("a directory is told the promise", None, str(promise_id) in answer.text or None)
    tally.alike("members after a directory", before, await api.read(members, owner, id=place.id))
    left = "query ($id: ID!) { account(id: $id) { events(first: 1) { nodes { type } } } }"
    (event,) = (await api.read(left, owner, id=place.master.id))["account"]["events"]["nodes"]
    tally.fact("what a directory could not do is told", "SCIM_CHANGE_LEFT", event["type"])


async def _try(site: Site, breaking: Breaking, promise_id: str, viewer: Viewer, tally: Tally) -> None:
    found = await attempt(viewer.api, breaking.mutation, viewer.subject, **breaking.values)
    what = f"{viewer.name}: {breaking.mutation} against a promise of {breaking.place.name}"
    other = "" if viewer.subject is breaking.by else found.code
    tally.outcome(what, frozenset({other or _BROKEN}), found.code)
    subject = viewer.subject if viewer.accepted else None
    seen = {place for place in site.world.accounts if _sees_members(site, subject, place)}
    # Another promise may be broken, too, and be named first.
    told = [each for each in site.world.promises if each.id in found.message]
    for promise in told:
        tally.fact(f"{what}: told", promise.account in seen or None, True)
    tree = [breaking.place.master, *site.world.below(breaking.place.master)]
    if found.code == _BROKEN and seen.issuperset(tree):
        tally.fact(f"{what}: told which", True, bool(told) or None)
    if not told:
        secrets = [f"in {breaking.place.name}", promise_id]
        secrets += [breaking.gains.name] if isinstance(breaking.gains, Person) else []
        for secret in secrets:
            tally.fact(f"{what}: told {secret}", None, secret in found.message or None)


def _sees_members(site: Site, subject: Asker | None, place: Account) -> bool:
    return "MEMBERS_READ" in site.rights.permissions(subject, place)


def _holds(site: Site, breaking: Breaking) -> bool:
    """Whether an owner can make the promise now, and the one who breaks it could make the change
    otherwise. Whoever has the permission by something else is an exception."""
    maker, by = site.world.owner(breaking.place), breaking.by
    able = maker is not None and not any(site.rights.bars(each, breaking.place) for each in (maker, by))
    return able and breaking.gains not in site.rights.beside(
        breaking.place, breaking.permission, breaking.roles
    )


def _passing_all(site: Site) -> Iterator[Breaking]:
    """All roles of an account reach down."""
    for account in site.world.accounts:
        by = site.master_owner(account)
        may = "SETTINGS_WRITE" in site.rights.lasting_below(by, account)
        if account.status != "ACTIVE" or account.passes_all_roles or not may:
            continue
        values = {"accountId": account.id, "rightsInheritance": "ALL_ROLES"}

        def passes(value: bool, account: Account = account) -> None:
            account.passes_all_roles = value

        for place, permission, who, roles in _gained(site, site.world.below(account), passes):
            yield Breaking("accountUpdate", values, by, place, permission, roles, who)


def _opening_link(site: Site) -> Iterator[Breaking]:
    """The account's owner opens its link, or who is above asks for it. Promises of accounts below have other
    owners."""
    for account in site.world.accounts:
        by, earlier = site.world.owner(account) or site.master_owner(account), account.parent_access
        if account.status != "ACTIVE" or account.parent is None or earlier == "FULL":
            continue
        values = {"accountId": account.id, "parentAccess": "FULL", "reason": "Because"}

        def opens(value: bool, account: Account = account, earlier: str = earlier) -> None:
            account.parent_access = "FULL" if value else earlier

        below = [place for place in site.world.below(account) if site.world.owner(place) is not by]
        for place, permission, who, roles in _gained(site, below, opens):
            yield Breaking("parentAccessUpdate", values, by, place, permission, roles, who)


def _handing_over(site: Site) -> Iterator[Breaking]:
    """Who owns the account would be an administrator."""
    administrator = site.world.role("ADMINISTRATOR")
    owning = {site.world.owner(account) for account in site.world.accounts}
    for account in site.world.accounts:
        owner = site.world.owner(account)
        if account.status != "ACTIVE" or owner is None:
            continue
        roles = [role for role in _usable(site, account) if role is not administrator]
        for member in site.world.members:
            if member.account is not account or member.ended or member.ends or member.person in owning:
                continue
            values = {"accountId": account.id, "toMemberId": member.id}
            for permission in sorted(BUILT_IN["ADMINISTRATOR"].here):
                yield Breaking("ownershipTransfer", values, owner, account, permission, roles, owner)


def _gained(
    site: Site, places: list[Account], change: Callable[[bool], None]
) -> Iterator[tuple[Account, str, Subject, list[Role]]]:
    """What somebody gains by the change, where. With the roles of a promise that keeps it from who gains.
    A key may have stopped with its maker, and work by the change alone."""
    for place in places:
        if place.status != "ACTIVE":
            continue
        before = _held(site, place)
        change(True)
        gained = [
            (permission, who, site.rights.roles_giving(who, place, permission))
            for who, held in _held(site, place).items()
            for permission in sorted(held - before.get(who, frozenset()))
        ]
        change(False)
        for permission, who, mine in gained:
            yield place, permission, who, [role for role in _usable(site, place) if role not in mine]


def _held(site: Site, place: Account) -> Mapping[Subject, frozenset[str]]:
    return {who: site.rights.kept(who, place) for who in site.world.subjects if site.rights.works(who)}


def _usable(site: Site, account: Account) -> list[Role]:
    """Those that a promise of the account can name."""
    return [role for role in site.world.roles if role.usable_in(account)][:_MOST_ROLES]
