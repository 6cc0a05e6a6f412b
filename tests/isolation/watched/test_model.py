"""Rules that the model once had wrong, in small worlds: the seeds that found them build whole ones."""

import pytest

from tests.isolation.model import Account, Invitation, Member, Person, Role, Share, World
from tests.isolation.rights import NOTHING, Rights
from tests.isolation.rules import BUILT_IN, named
from tests.isolation.watched.model import Promise


@pytest.fixture
def world() -> World:
    """A tree of two accounts, with an owner above."""
    found = World(roles=[Role(name, name, gives) for name, gives in BUILT_IN.items()])
    top = Account("top", "Top", None)
    owner = Person("owner", "Owner", "owner@example.com", "")
    guest = Person("guest", "Guest", "guest@example.com", "")
    found.accounts += [top, Account("sub", "Sub", top)]
    found.people += [owner, guest]
    found.members.append(Member("member", owner, top, found.role("OWNER")))
    return found


def _promised(world: World, *roles: str) -> Promise:
    """By the subaccount, that nobody but these has SETTINGS_WRITE there."""
    owner, sub = world.people[0], world.accounts[1]
    named_roles = [world.role(name) for name in roles]
    promise = Promise("promise", sub, "SETTINGS_WRITE", named_roles, owner, [owner])
    world.promises.append(promise)
    return promise


def test_an_invitation_against_a_promise_has_lapsed_until_the_promise_ends(world: World) -> None:
    owner, sub, role = world.people[0], world.accounts[1], world.role("ADMINISTRATOR")
    invitation = Invitation("invitation", sub, owner, role, "new@example.com")
    rights = Rights(world)
    assert rights.invitation_status(invitation) == "PENDING"
    promise = _promised(world, "OWNER")
    assert rights.invitation_status(invitation) == "LAPSED"
    promise.ended = True
    assert rights.invitation_status(invitation) == "PENDING"


def test_an_invitation_stands_by_the_promises_roles_and_for_its_exceptions(world: World) -> None:
    (owner, guest), sub, role = world.people, world.accounts[1], world.role("ADMINISTRATOR")
    invitation = Invitation("invitation", sub, owner, role, guest.email)
    promise = _promised(world, "OWNER", "ADMINISTRATOR")
    rights = Rights(world)
    assert rights.invitation_status(invitation) == "PENDING"
    promise.roles.remove(role)
    assert rights.invitation_status(invitation) == "LAPSED"
    promise.exceptions.append(guest)
    assert rights.invitation_status(invitation) == "PENDING"


def test_a_share_of_areas_against_a_promise_has_lapsed(world: World) -> None:
    (owner, guest), sub = world.people, world.accounts[1]
    share = Share("share", guest.email, [sub], None, named("SETTINGS"), NOTHING, owner)
    rights = Rights(world)
    assert rights.share_status(share) == "PENDING"
    _promised(world, "OWNER", "ADMINISTRATOR")
    assert rights.share_status(share) == "LAPSED"


def test_an_administrator_above_may_below_by_the_role_what_it_may_not_beside_it(world: World) -> None:
    (_, guest), (top, sub), role = world.people, world.accounts, world.role("ADMINISTRATOR")
    world.members.append(Member("other", guest, top, role))
    rights = Rights(world)
    assert rights.roles_giving(guest, top, "ACCOUNT_CLOSE") == set()
    assert rights.roles_giving(guest, sub, "ACCOUNT_CLOSE") == {role}
    sub.parent_access = "NONE"
    assert rights.roles_giving(guest, sub, "ACCOUNT_CLOSE") == set()
