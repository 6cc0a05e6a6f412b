"""One small but rich world: two trees and a stranger's, with viewers of every kind.

agency                      brand           stranger's
  client (ALL_ROLES)          marketing
    shop (closed)             transactional
      till
    twin, Twin
  suspended
    below suspended
  24 leaves: more than a page; of the first four each lets in something else
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis.vendor.pretty import RepresentationPrinter

from authz.builtin_roles import BuiltinRole
from authz.permissions import ALL_PERMISSIONS, Area, Permission, mask_of
from models.accounts import AccountStatus, ParentAccess, RightsInheritance
from models.api_keys import ApiKeyPurpose, WhenMakerLosesAccess
from models.identifiers import Kind, present
from resolvers.events import EventKind
from tests.api import Caller
from tests.equality import rows
from tests.equality.billed import make_invoices
from tests.equality.money import make_money
from tests.equality.overridden import add_staff
from tests.equality.plans import make_plans
from tests.links import Opening, ask, break_glass, set_parent_access
from tests.shares import Given, Share, give_share
from tests.world import Account, ApiKey, CustomRole, Member, Person, World

QUOTES = "Agency \"Ω\" \\ 'quoted' \\u0041"
EMOJI = "Client 🦊\u2028 tab\t line\n \x01 bell\x07 </script>"
EMOJI_REASON = 'Fire 🔥 "now" \\'
_EXTERNAL_ID = 'ext-"1"\\'
_LEAVES = 24

VIEWERS = (
    "owner of a tree",
    "administrator of a tree",
    "administrator of a subtree",
    "finance",
    "marketer",
    "developer",
    "analyst",
    "analyst by ALL_ROLES",
    "member in two trees",
    "expired membership",
    "nobody's member",
    "key",
    "narrowed key",
    "key without sight",
    "key of two secrets",
    "guest by a share",
    "guest by areas alone",
    "guest who manages",
    "guest and member",
    "guest of a custom role",
    "guest of what has ended",
    "holder of a custom role",
    "key of a custom role",
    "agent of the staff",
    "approver of the staff",
)
REFUSED = ("expired session", "revoked key", "expired key", "stopped key", "key from elsewhere")
_KEYS = (
    "key",
    "narrowed key",
    "key without sight",
    "key of two secrets",
    "revoked key",
    "expired key",
    "stopped key",
    "key from elsewhere",
)

_NARROWED = mask_of({Permission.ACCOUNT_READ, Permission.SUBACCOUNTS_READ, Permission.MEMBERS_READ})


@dataclass(frozen=True)
class Scene:
    """What stands in the database. `ids` are of all kinds, of what can be seen and of what cannot."""

    callers: Mapping[str, Caller]
    ids: tuple[str, ...]
    searches: tuple[str, ...]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Short: Hypothesis warns of arguments as large as this one and then cannot tell what failed."""
        printer.text("Scene(...)")


@dataclass(frozen=True)
class _Agency:
    master: Account
    client: Account
    shop: Account
    till: Account
    suspended: Account
    leaves: tuple[Account, ...]

    @property
    def all(self) -> list[Account]:
        return [self.master, self.client, self.shop, self.till, self.suspended]


async def make_scene(world: World) -> Scene:
    """Write the world; statuses last, as in life."""
    agency = await _agency(world)
    brand = await world.account(name="Brand")
    marketing = await world.account(brand, "Marketing")
    await world.account(brand, "Transactional")
    foreign = await world.account(name="Stranger's")
    members = await _members(world, agency, brand, marketing)
    stranger = await world.member(foreign, BuiltinRole.OWNER)
    keys = await _keys(world, agency, members)
    custom = await _custom_roles(world, agency, brand, members, keys)
    owner = members["owner of a tree"]
    invitations = await _invitations(world, agency, owner, keys["key"])
    events = await _events(world, agency, owner, keys["key"])
    events.append(await rows.event(world, foreign, EventKind.ACCOUNT_CREATED, stranger.person))
    for number, leaf in enumerate(agency.leaves[::4]):
        await _fill(world, leaf, owner, list(BuiltinRole)[number])
    own = (agency.client, agency.till, agency.leaves[0])
    money = await make_money(world, agency.master, own, (agency.shop, brand, foreign))
    plans = await make_plans(world, agency.master, agency.client, agency.leaves[0], foreign)
    billed = await make_invoices(world, agency.master, agency.client, agency.till, foreign)
    await world.set_status(agency.suspended, AccountStatus.SUSPENDED)
    await world.set_status(agency.shop, AccountStatus.CLOSED)
    people = {name: member.person for name, member in members.items()}
    people["nobody's member"] = await world.person("Nobody's member")
    shares = await _shares(world, agency, people, keys["key"], custom[0])
    openings = await _links(world, agency, people)
    overridden = await add_staff(world, [agency.client, agency.till, brand], agency.master, people)
    people["expired session"] = await world.person()
    await rows.end_session(world, people["expired session"])
    seen_from_below = [f"{owner.id}_{account.key}" for account in (agency.client, agency.till)]
    ids = (
        *(account.id for account in (*agency.all, brand, marketing, foreign)),
        *(member.id for member in (*members.values(), stranger)),
        *seen_from_below,
        *(person.id for person in (*people.values(), stranger.person)),
        *(key.id for key in keys.values()),
        *(present(Kind.ROLE, role.id) for role in BuiltinRole),
        *(role.id for role in custom),
        *invitations,
        *(share.id for share in shares),
        *(opening.id for opening in openings),
        *overridden,
        *events,
        *money,
        *plans,
        *billed,
    )
    words = ("twin", "leaf 1", "TWIN", "🦊", "Ω", "'", '"', "\\", "\n", "%", "_")
    return Scene({**people, **keys}, ids, (QUOTES, EMOJI, _EXTERNAL_ID, *words))


async def _agency(world: World) -> _Agency:
    master = await world.account(name=QUOTES)
    client = await world.account(master, EMOJI)
    await world.set_inheritance(client, RightsInheritance.ALL_ROLES)
    await rows.set_external_id(world, client, _EXTERNAL_ID)
    shop = await world.account(client, "Shop")
    till = await world.account(shop, "Till")
    for name in ("twin", "Twin"):
        await world.account(client, name)
    suspended = await world.account(master, "Suspended")
    await world.account(suspended, "Below suspended")
    leaves = [await world.account(master, f"Leaf {number}") for number in range(_LEAVES)]
    return _Agency(master, client, shop, till, suspended, tuple(leaves))


async def _fill(world: World, leaf: Account, owner: Member, role: BuiltinRole) -> None:
    """Some of everything, also where few look."""
    member = await world.member(leaf, role)
    key = await world.api_key(leaf, role)
    await rows.invitation(world, leaf, role, owner.person)
    await rows.event(world, leaf, EventKind.MEMBER_JOINED, member.person, leaf, after={"role": role.name})
    await rows.event(world, leaf, EventKind.API_KEY_CREATED, owner.person, after={"apiKeyId": key.id})


async def _members(world: World, agency: _Agency, brand: Account, marketing: Account) -> dict[str, Member]:
    """By the viewers' names. The twice-member stands in both trees, with another role in each account."""
    master, client = agency.master, agency.client
    quoted = await world.person('An "analyst" \\ \t😀')
    members = {
        "owner of a tree": await world.member(master, BuiltinRole.OWNER),
        "administrator of a tree": await world.member(master, BuiltinRole.ADMINISTRATOR),
        "administrator of a subtree": await world.member(client, BuiltinRole.ADMINISTRATOR),
        "finance": await world.member(master, BuiltinRole.FINANCE, expires_at=rows.FUTURE),
        "marketer": await world.member(agency.suspended, BuiltinRole.MARKETER),
        "developer": await world.member(agency.shop, BuiltinRole.DEVELOPER),
        "analyst": await world.member(master, BuiltinRole.ANALYST, quoted),
        "analyst by ALL_ROLES": await world.member(client, BuiltinRole.ANALYST),
        "expired membership": await world.member(client, BuiltinRole.ADMINISTRATOR, expires_at=rows.PAST),
        "member in two trees": await world.member(client, BuiltinRole.MARKETER),
    }
    both = members["member in two trees"].person
    await world.member(brand, BuiltinRole.ADMINISTRATOR, both)
    await world.member(marketing, BuiltinRole.FINANCE, both)
    return members


async def _keys(world: World, agency: _Agency, members: Mapping[str, Member]) -> dict[str, ApiKey]:
    scopes = {"narrowed key": _NARROWED, "key without sight": Permission.STATISTICS_READ.bit}
    keys = {
        name: await world.api_key(agency.client, scopes=scopes.get(name, ALL_PERMISSIONS)) for name in _KEYS
    }
    maker = members["administrator of a subtree"].person
    await rows.set_key(world, keys["key"], maker, last_used_at=rows.PAST, expires_at=rows.FUTURE)
    await rows.set_key(world, keys["revoked key"], maker, revoked_at=rows.PAST)
    await rows.set_key(world, keys["expired key"], expires_at=rows.PAST)
    former = members["expired membership"].person
    await rows.bind_key(world, keys["key"], ip_ranges=rows.RANGES, purpose=ApiKeyPurpose.MARKETING)
    await rows.bind_key(world, keys["narrowed key"], maker=former, adopter=maker)
    await rows.bind_key(world, keys["key without sight"], maker=keys["revoked key"])
    await rows.bind_key(world, keys["key of two secrets"], maker=former, rotated_until=rows.FUTURE)
    await rows.bind_key(world, keys["stopped key"], maker=former, choice=WhenMakerLosesAccess.STOP)
    await rows.bind_key(world, keys["key from elsewhere"], ip_ranges=("192.0.2.0/24",))
    await world.api_key(agency.master, BuiltinRole.DEVELOPER)
    return keys


async def _custom_roles(
    world: World,
    agency: _Agency,
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


async def _invitations(world: World, agency: _Agency, owner: Member, key: ApiKey) -> list[str]:
    role, by = BuiltinRole.ANALYST, owner.person
    return [
        await rows.invitation(world, agency.master, role, by),
        await rows.invitation(world, agency.client, role, key, member_expires_at=rows.WHOLE_SECOND),
        await rows.invitation(world, agency.client, role, by, accepted_at=rows.PAST),
        await rows.invitation(world, agency.client, role, by, revoked_at=rows.PAST),
        await rows.invitation(world, agency.client, role, by, expires_at=rows.PAST),
    ]


async def _shares(
    world: World, agency: _Agency, people: dict[str, Person], key: ApiKey, role: CustomRole
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


async def _links(world: World, agency: _Agency, people: dict[str, Person]) -> list[Opening]:
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


async def _events(world: World, agency: _Agency, owner: Member, key: ApiKey) -> list[str]:
    by, master, client = owner.person, agency.master, agency.client
    renamed = EventKind.ACCOUNT_UPDATED
    return [
        await rows.event(world, master, EventKind.ACCOUNT_CREATED, by, after={"name": QUOTES}),
        await rows.event(
            world, client, renamed, by, master, {"name": "é", "b": 1}, {"name": EMOJI, "aa": None}
        ),
        await rows.event(world, client, renamed, key, client, {"version": 9_007_199_254_740_993}, {}),
        await rows.event(world, client, EventKind.API_KEY_ROTATED, key, client, reason=EMOJI_REASON),
        await rows.event(world, agency.shop, EventKind.ACCOUNT_CLOSED, by, master),
        await rows.event(world, client, EventKind.MEMBER_JOINED, by, master, {"\x01": 0}, {"\x01": None}),
        *[
            await rows.event(world, client, kind, by, master, after={"kind": kind.value})
            for kind in EventKind
        ],
    ]
