"""What is tried about invitations in dry runs with random inputs."""

from authz.policy.builtin_roles import BuiltinRole
from tests.authz.cases.moments import offer
from tests.authz.escalation.dry_run_tries import Draw, Tries, Try
from tests.authz.matrix.matrix_callers import once


async def _member_invite(tries: Tries, draw: Draw) -> Try:
    values = {"accountId": tries.account(draw).id, "email": tries.guest.email}
    return tries.by_owner(**values, roleId=await tries.role_id(draw), idempotencyKey=once())


async def _invitation_accept(tries: Tries, draw: Draw) -> Try:
    role = list(BuiltinRole)[draw.role % len(BuiltinRole)]
    account, database = tries.account(draw), tries.world.database
    _, token = await offer(database, account, role, tries.guest.email, tries.owner.person)
    return Try(tries.guest, {"token": token})


TRIES = {
    "memberInvite": _member_invite,
    "invitationAccept": _invitation_accept,
}
