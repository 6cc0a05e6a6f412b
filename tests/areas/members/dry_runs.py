"""What is tried about members in dry runs with random inputs."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from models.members.tables import memberships
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.world.ownership import give_offer


async def _member_update(tries: Tries, draw: Draw) -> Try:
    row = await tries.one(memberships, draw.target)
    return tries.by_owner(memberId=present(Kind.MEMBER, row.id), roleId=await tries.role_id(draw))


async def _member_remove(tries: Tries, draw: Draw) -> Try:
    row = await tries.one(memberships, draw.target)
    return tries.by_owner(memberId=present(Kind.MEMBER, row.id))


async def _member_leave(tries: Tries, draw: Draw) -> Try:
    """By the guest, who was made a member before."""
    account, role = tries.account(draw), list(BuiltinRole)[draw.role % len(BuiltinRole)]
    await tries.world.member(account, role, tries.guest)
    return Try(tries.guest, {"accountId": account.id})


async def _ownership_transfer(tries: Tries, draw: Draw) -> Try:
    row = await tries.one(memberships, draw.target)
    return tries.by_owner(accountId=tries.account(draw).id, toMemberId=present(Kind.MEMBER, row.id))


async def _ownership_accept(tries: Tries, draw: Draw) -> Try:
    """By the guest, who was made a member before."""
    account = tries.account(draw)
    taker = await tries.world.member(account, BuiltinRole.ANALYST, tries.guest)
    await give_offer(tries.world, account, taker, tries.owner.person, await tries.own_owner(account))
    return Try(tries.guest, {"accountId": account.id})


TRIES = {
    "memberUpdate": _member_update,
    "memberRemove": _member_remove,
    "memberLeave": _member_leave,
    "ownershipTransfer": _ownership_transfer,
    "ownershipAccept": _ownership_accept,
}
