"""Offers that nobody can accept are not shown: lists, the preview and the acceptance answer alike (T14)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import AccountStatus
from models.invitations.tables import invitations
from models.members.tables import memberships
from tests.authz.cases.moments import PAST, offer
from tests.authz.escalation.outcomes import DONE, mutate, outcome
from tests.client.api import Api
from tests.world.shares import Given, give_share
from tests.world.world import Account, Member, Person, World

_LISTED = """query ($id: ID!) { account(id: $id) {
  all: %(name)s { nodes { status lapse } } open: %(name)s(status: PENDING) { totalCount }
  lapsed: %(name)s(status: LAPSED) { totalCount } } }"""


@dataclass(frozen=True)
class Scene:
    """An offer that the administrator of an account makes to somebody, as the owner sees it in the lists."""

    world: World
    kind: str
    account: Account
    owner: Member
    giver: Member
    person: Person
    token: str

    async def sees(self, api: Api) -> tuple[Any, ...]:
        """(status, lapse, how many are pending, how many have lapsed, whether the link offers something)."""
        data = await api.read(_LISTED % {"name": f"{self.kind}s"}, self.owner, id=self.account.id)
        preview = f"query ($token: String!) {{ {self.kind}(token: $token) {{ email }} }}"
        offered = (await api.read(preview, token=self.token))[self.kind] is not None
        found = data["account"]
        (node,) = found["all"]["nodes"]
        counts = found["open"]["totalCount"], found["lapsed"]["totalCount"]
        return node["status"], node["lapse"], *counts, offered

    async def accept(self, api: Api) -> str:
        """What becomes of it."""
        name = f"{self.kind}Accept"
        return outcome(await mutate(api, name, self.person, {"token": self.token}), name)


Change = Callable[[Scene], Awaitable[None]]


async def _set_role(scene: Scene, role: BuiltinRole) -> None:
    statement = update(memberships).where(memberships.c.id == scene.giver.key).values(role_id=role.id)
    async with scene.world.database.begin() as connection:
        await connection.execute(statement)


async def _demote(scene: Scene) -> None:
    await _set_role(scene, BuiltinRole.DEVELOPER)


async def _promote(scene: Scene) -> None:
    await _set_role(scene, BuiltinRole.ADMINISTRATOR)


def _turn(status: AccountStatus, *, above: bool = False) -> Change:
    async def turn(scene: Scene) -> None:
        master = Account(scene.account.master, scene.account.master, "", ())
        await scene.world.set_status(master if above else scene.account, status)

    return turn


async def _end_membership(scene: Scene) -> None:
    await _set_end(scene, PAST)


async def _endless_membership(scene: Scene) -> None:
    await _set_end(scene, None)


async def _set_end(scene: Scene, end: Any) -> None:
    statement = update(invitations).where(invitations.c.account_id == scene.account.key)
    async with scene.world.database.begin() as connection:
        await connection.execute(statement.values(member_expires_at=end))


LAPSES: dict[str, tuple[str, Change, Change, str]] = {
    "giver": ("GIVER_LOST_RIGHT", _demote, _promote, "{}_REVOKED"),
    "suspended": (
        "ACCOUNT_SUSPENDED",
        _turn(AccountStatus.SUSPENDED, above=True),
        _turn(AccountStatus.ACTIVE, above=True),
        "ACCOUNT_SUSPENDED",
    ),
    "closed": (
        "ACCOUNT_CLOSED",
        _turn(AccountStatus.CLOSED),
        _turn(AccountStatus.ACTIVE),
        "ACCOUNT_CLOSED",
    ),
    "ended": ("MEMBERSHIP_ENDED", _end_membership, _endless_membership, "{}_EXPIRED"),
}


@pytest.mark.parametrize(
    ("kind", "why"),
    [(kind, why) for kind in ("invitation", "share") for why in LAPSES if (kind, why) != ("share", "ended")],
)
async def test_an_offer_lapses_and_comes_back(kind: str, why: str, api: Api, world: World) -> None:
    scene = await _scene(world, kind)
    lapse, change, undo, code = LAPSES[why]
    assert await scene.sees(api) == ("PENDING", None, 1, 0, True)
    await change(scene)
    assert await scene.sees(api) == ("LAPSED", lapse, 0, 1, False)
    before = await world.state(scene.account)
    assert await scene.accept(api) == code.format(kind.upper())
    assert await world.state(scene.account) == before
    await undo(scene)
    assert await scene.sees(api) == ("PENDING", None, 1, 0, True)
    assert await scene.accept(api) == DONE
    status = "ACCEPTED" if kind == "invitation" else "ACTIVE"
    await change(scene)
    assert await scene.sees(api) == (status, None, 0, 0, False)


async def _scene(world: World, kind: str) -> Scene:
    main = await world.account()
    account = await world.account(main)
    owner = await world.member(account, BuiltinRole.OWNER)
    giver = await world.member(account, BuiltinRole.ADMINISTRATOR)
    person = await world.person()
    if kind == "invitation":
        _, token = await offer(world.database, account, BuiltinRole.MARKETER, person.email, giver.person)
    else:
        given = Given(BuiltinRole.MARKETER, accepted=False)
        token = (await give_share(world, [account], person, giver.person, given)).token
    return Scene(world, kind, account, owner, giver, person, token)
