"""What is tried about shares in dry runs with random inputs."""

from typing import Any

from sqlalchemy import Row

from authz.policy.permissions import Area
from models.base.ids import Kind, present
from models.shares.tables import shares
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.authz.escalation.reach_model import area_of
from tests.authz.matrix.matrix_callers import once
from tests.world.shares import Given, give_share


async def _share_create(tries: Tries, draw: Draw) -> Try:
    opened = {tries.account(draw).id, tries.tree[draw.target % len(tries.tree)].id}
    values = {"accountIds": sorted(opened), "email": tries.guest.email}
    return tries.by_owner(**values, roleId=await tries.role_id(draw), idempotencyKey=once())


async def _share_update(tries: Tries, draw: Draw) -> Try:
    row = await _share(tries, draw)
    return tries.by_owner(
        shareId=present(Kind.SHARE, row.id),
        expectedVersion=row.version,
        accountIds=[tries.account(draw).id],
        areas=sorted({area_of(name) for name in draw.permissions}),
    )


async def _share_revoke(tries: Tries, draw: Draw) -> Try:
    row = await _share(tries, draw)
    return tries.by_owner(shareId=present(Kind.SHARE, row.id))


async def _share_accept(tries: Tries, draw: Draw) -> Try:
    opened = [tries.account(draw)]
    given = Given(accepted=False)
    share = await give_share(tries.world, opened, tries.guest, tries.owner.person, given)
    return Try(tries.guest, {"token": share.token})


async def _share_leave(tries: Tries, draw: Draw) -> Try:
    share = await give_share(tries.world, [tries.account(draw)], tries.guest, tries.owner.person)
    return Try(tries.guest, {"shareId": share.id})


async def _share(tries: Tries, draw: Draw) -> Row[Any]:
    """One of those that there are, and one more."""
    opened = [tries.tree[draw.target % len(tries.tree)]]
    given = Given(hidden=[Area.CAMPAIGNS] if draw.passes_all else [])
    await give_share(tries.world, opened, tries.guest, tries.owner.person, given)
    return await tries.one(shares, draw.target)


async def _person_remove(tries: Tries, draw: Draw) -> Try:
    """Of the guest, who has a share, from the account and all below it."""
    await give_share(tries.world, [tries.account(draw)], tries.guest, tries.owner.person)
    return tries.by_owner(accountId=tries.account(draw).id, userId=tries.guest.id)


TRIES = {
    "personRemove": _person_remove,
    "shareCreate": _share_create,
    "shareUpdate": _share_update,
    "shareRevoke": _share_revoke,
    "shareAccept": _share_accept,
    "shareLeave": _share_leave,
}
