"""Nobody ends with more than was given to him, whatever he tries in whatever order (N19, T4)."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.accounts.tables import ParentAccess
from models.api_keys.tables import api_keys
from models.base.ids import Kind, parse, present
from models.members.tables import memberships
from tests.authz.cases.expectations import named
from tests.authz.escalation.forests import CUSTOM_RIGHTS, KEY_ROLES, MODES, ROLES, SCOPES
from tests.authz.escalation.gang import Gang
from tests.authz.escalation.gang_links import LinkedGang
from tests.authz.escalation.gang_steps import LINK_STEPS, SHAPE, Start, Step, StepKind
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.authz.escalation.profiles import examples
from tests.authz.escalation.reach_model import ALL_SCOPES, AREAS, CustomRights, Grant, Shared
from tests.client.api import Api
from tests.world.world import Person, World

_places = st.sampled_from([0, 0, 1, 1, 2, 3])
_strong = st.sampled_from([BuiltinRole.ADMINISTRATOR, BuiltinRole.ADMINISTRATOR, BuiltinRole.DEVELOPER])
"""Most of what is tried is refused to others at once."""
_numbers = st.integers(0, 11)
_areas = st.frozensets(st.sampled_from(sorted(AREAS)))
_passing = st.tuples(*[st.booleans() for _ in SHAPE])
_modes = st.tuples(st.just(ParentAccess.FULL), *[MODES for _ in SHAPE[1:]])


_scopes = st.one_of(
    st.just(ALL_SCOPES),
    st.just(ALL_SCOPES - {"ACCOUNT_CLOSE", "ACCOUNT_TRANSFER", "ACCOUNT_SUSPEND"}),
    SCOPES.map(lambda scopes: scopes | {"ACCOUNT_READ", "MEMBERS_WRITE", "API_KEYS_WRITE"}),
    SCOPES.map(lambda scopes: scopes | {"ACCOUNT_READ", "SUBACCOUNTS_WRITE", "ACCOUNT_TRANSFER"}),
)


_leading = named("ACCOUNT_READ ACCOUNT_WRITE SETTINGS_WRITE MEMBERS_WRITE ROLES_WRITE")
_leaders = st.builds(
    CustomRights,
    SCOPES.map(lambda permissions: permissions - {"ACCOUNT_SUSPEND"} | _leading),
    st.one_of(st.just(frozenset[str]()), SCOPES, SCOPES.map(lambda permissions: permissions | _leading)),
)
"""Custom roles by which others are led, with less below."""
_rights = st.one_of(
    CUSTOM_RIGHTS,
    st.builds(
        CustomRights,
        st.just(named("ACCOUNT_READ STATISTICS_READ")),
        st.sampled_from([frozenset[str](), named("STATISTICS_READ")]),
    ),
)
_hidden = st.sampled_from([frozenset[str](), frozenset({"STATISTICS"})])
_shares = st.one_of(
    st.builds(Shared, st.tuples(_places), _strong | _leaders, hidden=_hidden),
    st.builds(Shared, st.tuples(_places), st.none(), _areas.map(lambda areas: areas | {"MEMBERS"})),
)


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """A person with one or two roles, a guest, a guest who is also a member, or a key of any scopes; and now
    and then a fellow."""
    fellow = draw(st.one_of(st.none(), st.builds(Grant, _places, _rights)))
    kind = draw(st.sampled_from(["key", "member", "member of two", "guest", "guest and member"]))
    if kind == "key":
        grant = draw(st.builds(Grant, _places, _strong | _leaders, _scopes))
        return Start((grant,), True, draw(_passing), fellow, draw(_modes))
    first = draw(_places)
    grants: list[Grant | Shared] = []
    if kind != "guest":
        grants.append(Grant(first, draw(_strong | ROLES | _leaders)))
    if kind == "member of two":
        grants.append(Grant(draw(_places.filter(lambda place: place != first)), draw(KEY_ROLES)))
    if kind.startswith("guest"):
        grants.append(draw(_shares))
    return Start(tuple(grants), False, draw(_passing), fellow, draw(_modes))


steps = st.builds(
    Step,
    kind=st.sampled_from(StepKind),
    actor=_numbers,
    account=_places | _numbers,
    target=_numbers,
    role=ROLES,
    permissions=st.one_of(st.none(), SCOPES),
    custom=st.one_of(st.none(), _numbers),
    rights=_rights,
)


@examples(60)
@given(start=starts(), tries=st.lists(steps, min_size=3, max_size=3))
async def test_nobody_gets_more_than_was_given(
    start: Start, tries: list[Step], api: Api, registry: World
) -> None:
    """Neither the principal, nor whom it invites, nor a key that it makes, nor all of them together."""
    gang = LinkedGang(registry, api, start)
    await gang.set_up()
    history = [(step, await gang.take(step)) for step in tries]
    for step, became in history:
        event(f"{step.kind.value}: {became}")
    assert await gang.gains() == [], history


@pytest.mark.parametrize(
    "kind", [kind for kind in StepKind if kind not in LINK_STEPS], ids=lambda kind: kind.value
)
async def test_every_step_can_succeed(kind: StepKind, api: Api, registry: World) -> None:
    """The property would prove nothing if its steps were all refused."""
    administrator = Start((Grant(0, BuiltinRole.ADMINISTRATOR),), False, (False,) * len(SHAPE))
    gang = Gang(registry, api, administrator)
    await gang.set_up()
    invited = len(SHAPE) + 1  # the accounts' owners and the principal are members before
    assert await gang.take(Step(StepKind.INVITE, 0, 1, 0, BuiltinRole.MARKETER, None)) == DONE
    assert await gang.take(Step(kind, 0, 1, invited, BuiltinRole.ADMINISTRATOR, None)) == DONE
    assert await gang.gains() == []


@pytest.mark.parametrize("kind", LINK_STEPS, ids=lambda kind: kind.value)
async def test_every_step_with_links_can_succeed(kind: StepKind, api: Api, registry: World) -> None:
    """Who manages an account from above asks and breaks the glass; who owns it as well speaks for both."""
    both = (Grant(0, BuiltinRole.ADMINISTRATOR), Grant(1, BuiltinRole.OWNER))
    asks = Grant(0, CustomRights(_leading, _leading))
    modes = (ParentAccess.FULL, ParentAccess.BREAK_GLASS, ParentAccess.FULL, ParentAccess.FULL)
    gang = LinkedGang(registry, api, Start(both, False, (False,) * len(SHAPE), asks, modes))
    await gang.set_up()
    step = Step(kind, 0, 1, 1, BuiltinRole.OWNER, frozenset({"ACCOUNT_READ"}))
    assert await gang.take(step) == DONE
    assert await gang.gains() == []


async def test_the_property_notices_a_gain(api: Api, registry: World, database: AsyncEngine) -> None:
    """A right that came from elsewhere is told: whose, where and which."""
    gang = Gang(registry, api, Start((Grant(0, BuiltinRole.ANALYST),), False, (False,) * len(SHAPE)))
    await gang.set_up()
    (principal,) = gang.callers
    assert isinstance(principal, Person)
    assert await gang.gains() == []
    promotion = update(memberships).where(memberships.c.user_id == principal.key)
    async with database.begin() as connection:
        await connection.execute(promotion.values(role_id=BuiltinRole.FINANCE.id))
    ((who, _, what),) = await gang.gains()
    assert who == principal.id
    assert "CREDIT_TRANSFER" in what
    assert "STATISTICS_READ" not in what


async def test_a_key_gives_nothing_below_that_it_lacks_there(api: Api, registry: World) -> None:
    """N19: in its account the key holds all that the role gives there, but below it does not."""
    scopes = ALL_SCOPES - named("ACCOUNT_SUSPEND ACCOUNT_CLOSE ACCOUNT_TRANSFER")
    start = Start((Grant(0, BuiltinRole.ADMINISTRATOR, scopes),), True, (False,) * len(SHAPE))
    gang = Gang(registry, api, start)
    await gang.set_up()
    for kind in (StepKind.KEY, StepKind.INVITE):
        too_wide = Step(kind, 0, 0, 0, BuiltinRole.ADMINISTRATOR, None)
        assert await gang.take(too_wide) == "ROLE_TOO_WIDE"
        within = Step(kind, 0, 0, 0, BuiltinRole.MARKETER, None)
        assert await gang.take(within) == DONE
    assert await gang.gains() == []


async def test_a_guest_lets_no_role_reach_below(api: Api, registry: World) -> None:
    """N3: nor does he give anything else."""
    guest = Start((Shared((1,), BuiltinRole.ADMINISTRATOR),), False, (False,) * len(SHAPE))
    gang = Gang(registry, api, guest)
    await gang.set_up()
    steps = {
        StepKind.INVITE: "REACHED_BY_SHARE",
        StepKind.INHERIT: "REACHED_BY_SHARE",
        StepKind.SHARE: "REACHED_BY_SHARE",
        StepKind.SUBACCOUNT: "REACHED_BY_SHARE",
    }
    for kind, became in steps.items():
        step = Step(kind, 0, 1, 0, BuiltinRole.MARKETER, frozenset({"STATISTICS_READ"}))
        assert await gang.take(step) == became, kind
    assert await gang.gains() == []


async def test_a_narrow_key_hands_over_no_more_than_it_holds(api: Api, registry: World) -> None:
    """N19: ACCOUNT_TRANSFER alone makes nobody an owner, who holds so much more."""
    scopes = named("ACCOUNT_READ STATISTICS_READ MEMBERS_READ MEMBERS_WRITE ACCOUNT_TRANSFER")
    grant = Grant(0, BuiltinRole.ADMINISTRATOR, scopes)
    gang = Gang(registry, api, Start((grant,), True, (False,) * len(SHAPE)))
    await gang.set_up()
    accomplice = len(SHAPE)  # the accounts' owners are members before
    invite = Step(StepKind.INVITE, 0, 1, 0, BuiltinRole.ANALYST, None)
    assert await gang.take(invite) == DONE
    transfer = Step(StepKind.TRANSFER, 0, 1, accomplice, BuiltinRole.OWNER, None)
    assert await gang.take(transfer) == "ROLE_TOO_WIDE"
    assert await gang.gains() == []


async def test_the_scopes_of_a_key_are_no_wider_than_its_role(
    api: Api, registry: World, database: AsyncEngine
) -> None:
    """What is stored of a key is what its creator held (N19): it does not wait for its role to widen."""
    account = await registry.account()
    developer = await registry.member(account, BuiltinRole.DEVELOPER)
    values = {
        "accountId": account.id,
        "name": "Crowbar",
        "roleId": present(Kind.ROLE, BuiltinRole.DEVELOPER.id),
        "permissions": ["ACCOUNT_READ", "CREDIT_TRANSFER"],
    }
    before = await registry.state(account)
    answer = await mutate(api, "apiKeyCreate", developer, values)
    assert outcome(answer, "apiKeyCreate") == "BAD_USER_INPUT"
    assert await registry.state(account) == before
    answer = await mutate(api, "apiKeyCreate", developer, values | {"permissions": ["ACCOUNT_READ"]})
    assert outcome(answer, "apiKeyCreate") == DONE
    key_id = parse(Kind.API_KEY, answer.data["apiKeyCreate"]["apiKey"]["id"])
    statement = select(api_keys.c.scopes).where(api_keys.c.id == key_id)
    async with database.connect() as connection:
        assert (await connection.execute(statement)).scalar_one() == Permission.ACCOUNT_READ.bit
