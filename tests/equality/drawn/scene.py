"""One small but rich world: two trees and a stranger's, with viewers of every kind.

agency                      brand           stranger's
  client (ALL_ROLES)          marketing
    shop (closed)             transactional
      till                    guarded: two that require a second factor
    twin, Twin
  suspended
    below suspended
  24 leaves: more than a page; of the first four each lets in something else
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from hypothesis.vendor.pretty import RepresentationPrinter
from sqlalchemy import func

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS, Permission, mask_of
from models.accounts.tables import AccountStatus
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from models.base.ids import Kind, present
from models.messages.events import MessageEventKind
from models.sending.tables import SendStream
from models.settings.tables import SettingName
from resolvers.effects.event_types import EventType
from tests.areas.access_review.giving import give_access_review
from tests.areas.narrowed_tokens.giving import NarrowedToken, give_token
from tests.areas.promises.giving import give_promise
from tests.client.api import Caller
from tests.equality.drawn import rows
from tests.equality.drawn.agency import EMOJI, EXTERNAL_ID, QUOTES, Agency, make_agency
from tests.equality.drawn.billed import make_invoices
from tests.equality.drawn.grants import make_custom_roles, make_invitations, make_links, make_shares
from tests.equality.drawn.money import make_money
from tests.equality.drawn.overridden import add_staff
from tests.equality.drawn.plans import make_plans
from tests.equality.drawn.sign_ins import make_sign_ins
from tests.world.campaigns import campaign_id, give_campaign
from tests.world.contacts import contact_id, contact_list_id, give_contacts, give_memberships
from tests.world.messages import give_event, give_message, message_id
from tests.world.ownership import give_offer
from tests.world.reputation import give_source
from tests.world.settings import VALUES, give_settings, set_function, set_setting
from tests.world.suppressions import give_all_suppressions
from tests.world.templates import give_template, template_id
from tests.world.world import Account, ApiKey, Member, Person, World

EMOJI_REASON = 'Fire 🔥 "now" \\'

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
    "narrowed token of a person",
    "narrowed token of a key",
    "narrowed token of a guest",
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


class _Given(Protocol):
    """What has an id."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True)
class Scene:
    """What stands in the database. `ids` are of all kinds, of what can be seen and of what cannot."""

    callers: Mapping[str, Caller]
    ids: tuple[str, ...]
    searches: tuple[str, ...]

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Short: Hypothesis warns of arguments as large as this one and then cannot tell what failed."""
        printer.text("Scene(...)")


async def make_scene(world: World) -> Scene:
    """Write the world; statuses last, as in life."""
    agency = await make_agency(world)
    brand = await world.account(name="Brand")
    marketing = await world.account(brand, "Marketing")
    await world.account(brand, "Transactional")
    foreign = await world.account(name="Stranger's")
    members = await _members(world, agency, brand, marketing)
    stranger = await world.member(foreign, BuiltinRole.OWNER)
    keys = await _keys(world, agency, members)
    custom = await make_custom_roles(world, agency, brand, members, keys)
    owner = members["owner of a tree"]
    invitations = await make_invitations(world, agency, owner, keys["key"])
    taker = await world.member(foreign, BuiltinRole.ANALYST, members["finance"].person)
    await give_offer(world, foreign, taker, stranger.person, stranger)
    events = await _events(world, agency, owner, keys["key"])
    events.append(await rows.event(world, foreign, EventType.ACCOUNT_CREATED, stranger.person))
    for number, leaf in enumerate(agency.leaves[::4]):
        await _fill(world, leaf, owner, list(BuiltinRole)[number])
    own = (agency.client, agency.till, agency.leaves[0])
    money = await make_money(world, agency.master, own, (agency.shop, brand, foreign))
    plans = await make_plans(world, agency.master, agency.client, agency.leaves[0], foreign)
    billed = await make_invoices(world, agency.master, agency.client, agency.till, foreign)
    written_to = await _contacts(
        world, (agency.master, agency.client, agency.till, agency.leaves[0], brand, foreign)
    )
    sent = await _messages(world, (agency.master, agency.client, agency.till, brand, foreign))
    await _settings(world, agency, brand)
    await world.set_status(agency.suspended, AccountStatus.SUSPENDED)
    await world.set_status(agency.shop, AccountStatus.CLOSED)
    people = {name: member.person for name, member in members.items()}
    people["nobody's member"] = await world.person("Nobody's member")
    shares = await make_shares(world, agency, people, keys["key"], custom[0])
    openings = await make_links(world, agency, people)
    overridden = await add_staff(world, [agency.client, agency.till, brand], agency.master, people)
    promised = [await give_promise(world, account) for account in (agency.master, agency.client)]
    reviewed = [await give_access_review(world, account) for account in (agency.master, agency.client)]
    tokens = await _tokens(world, agency, people, keys["key of two secrets"])
    signing_in = await make_sign_ins(world, agency, brand, people)
    people["expired session"] = await world.person()
    await rows.end_session(world, people["expired session"])
    seen_from_below = [f"{owner.id}_{account.key}" for account in (agency.client, agency.till)]
    ids = (
        *_ids(agency.all, (brand, marketing, foreign), members.values(), (stranger, stranger.person)),
        *_ids(people.values(), keys.values(), tokens.values(), reviewed, custom, shares, openings),
        *(given.item_id for given in reviewed),
        *(present(Kind.ROLE, role.id) for role in BuiltinRole),
        *[*seen_from_below, *promised, *signing_in, *invitations, *overridden],
        *[*events, *money, *plans, *billed, *written_to, *sent],
    )
    words = ("twin", "leaf 1", "TWIN", "🦊", "Ω", "'", '"', "\\", "\n", "%", "_")
    return Scene({**people, **keys, **tokens}, ids, (QUOTES, EMOJI, EXTERNAL_ID, *words))


def _ids(*given: Iterable[_Given]) -> list[str]:
    return [each.id for each in chain.from_iterable(given)]


async def _tokens(
    world: World, agency: Agency, people: Mapping[str, Person], key: ApiKey
) -> dict[str, NarrowedToken]:
    """By the viewers' names."""
    person, guest = people["administrator of a tree"], people["guest who manages"]
    reads = [permission for permission in Permission if permission.action == "READ"]
    return {
        "narrowed token of a person": await give_token(world, person, agency.client, *reads),
        "narrowed token of a key": await give_token(world, key, agency.client, Permission.MEMBERS_READ),
        "narrowed token of a guest": await give_token(world, guest, agency.client, *reads),
    }


async def _contacts(world: World, accounts: Sequence[Account]) -> list[str]:
    """Contacts, lists, suppressions and templates of each account. Returns ids of some."""
    written_to: list[str] = []
    for number, account in enumerate(accounts):
        people_of = await give_contacts(world, account, 25 - 4 * number)
        listed = await give_memberships(world, account, people_of)
        written_to += [contact_id(account, key) for key in people_of[:4]]
        written_to += [contact_list_id(account, key) for key in listed]
        await give_all_suppressions(world, account, listed[0])
        for name in ("Welcome", QUOTES, EMOJI):
            made = await give_template(world, account, name, text=f"{name} {{{{ contact.email }}}}")
            written_to.append(template_id(account, made))
    return written_to


async def _messages(world: World, accounts: Sequence[Account]) -> list[str]:
    """Messages of both streams, what happened to them, campaigns and sending sources. Their ids."""
    ids: list[str] = []
    for account in accounts:
        for stream in SendStream:
            for number in range(4):
                label = "Autumn" if number == 0 else None
                made = await give_message(
                    world, account, f"a{number}@example.com", stream=stream, label=label
                )
                ids.append(message_id(account, made, stream))
                for kind in (MessageEventKind.DELIVERED, MessageEventKind.OPEN, MessageEventKind.CLICK):
                    await give_event(world, account, made, kind)
            await give_source(world, account, stream, sent=200, hard_bounces=7, judged_at=func.now())
        made_of = [await give_campaign(world, account, name=name) for name in ("Spring", QUOTES)]
        made_of.append(await give_campaign(world, account, name=EMOJI, label="Autumn"))
        ids += [campaign_id(key) for key in made_of]
    return ids


async def _settings(world: World, agency: Agency, brand: Account) -> None:
    """Own, locked, copied and inherited ones."""
    await give_settings(world, agency.master, 3)
    await give_settings(world, brand, 1)
    await set_setting(world, agency.master, SettingName.LANGUAGE, "en", locked=True)
    for setting in (SettingName.LANGUAGE, SettingName.QUIET_HOURS):
        await set_setting(world, agency.client, setting, VALUES[setting], copied_from=agency.leaves[0])
    await set_function(world, agency.client, "function_0", "Own", copied_from=agency.master)


async def _fill(world: World, leaf: Account, owner: Member, role: BuiltinRole) -> None:
    """Some of everything, also where few look."""
    member = await world.member(leaf, role)
    key = await world.api_key(leaf, role)
    await rows.invitation(world, leaf, role, owner.person)
    await rows.event(world, leaf, EventType.MEMBER_JOINED, member.person, leaf, after={"role": role.name})
    await rows.event(world, leaf, EventType.API_KEY_CREATED, owner.person, after={"apiKeyId": key.id})


async def _members(world: World, agency: Agency, brand: Account, marketing: Account) -> dict[str, Member]:
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


async def _keys(world: World, agency: Agency, members: Mapping[str, Member]) -> dict[str, ApiKey]:
    scopes = {"narrowed key": _NARROWED, "key without sight": Permission.STATISTICS_READ.bit}
    keys = {
        name: await world.api_key(agency.client, scopes=scopes.get(name, ALL_PERMISSIONS)) for name in _KEYS
    }
    creator = members["administrator of a subtree"].person
    await rows.set_key(world, keys["key"], creator, last_used_at=rows.PAST, expires_at=rows.FUTURE)
    await rows.set_key(world, keys["revoked key"], creator, revoked_at=rows.PAST)
    await rows.set_key(world, keys["expired key"], expires_at=rows.PAST)
    former = members["expired membership"].person
    await rows.bind_key(world, keys["key"], ip_ranges=rows.RANGES, purpose=ApiKeyPurpose.MARKETING)
    await rows.bind_key(world, keys["narrowed key"], creator=former, adopter=creator)
    await rows.bind_key(world, keys["key without sight"], creator=keys["revoked key"])
    await rows.bind_key(world, keys["key of two secrets"], creator=former, rotated_until=rows.FUTURE)
    await rows.bind_key(world, keys["stopped key"], creator=former, choice=WhenMakerLosesAccess.STOP)
    await rows.bind_key(world, keys["key from elsewhere"], ip_ranges=("192.0.2.0/24",))
    await world.api_key(agency.master, BuiltinRole.DEVELOPER)
    return keys


async def _events(world: World, agency: Agency, owner: Member, key: ApiKey) -> list[str]:
    by, master, client = owner.person, agency.master, agency.client
    renamed = EventType.ACCOUNT_UPDATED
    return [
        await rows.event(world, master, EventType.ACCOUNT_CREATED, by, after={"name": QUOTES}),
        await rows.event(
            world, client, renamed, by, master, {"name": "é", "b": 1}, {"name": EMOJI, "aa": None}
        ),
        await rows.event(world, client, renamed, key, client, {"version": 9_007_199_254_740_993}, {}),
        await rows.event(world, client, EventType.API_KEY_ROTATED, key, client, reason=EMOJI_REASON),
        await rows.event(world, agency.shop, EventType.ACCOUNT_CLOSED, by, master),
        await rows.event(
            world, client, EventType.SETTINGS_COPIED, by, master, {"from": QUOTES}, {"from": agency.shop.id}
        ),
        await rows.event(
            world, client, EventType.CREDIT_TRANSFERRED, by, master, {"to": client.id}, {"from": master.id}
        ),
        await rows.event(world, client, EventType.MEMBER_JOINED, by, master, {"\x01": 0}, {"\x01": None}),
        *[
            await rows.event(world, client, kind, by, master, after={"kind": kind.value})
            for kind in EventType
        ],
    ]
