"""The rows of the matrix for members and invitations."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.authz.cases.moments import offer
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_accounts import OWNERS, this_account
from tests.authz.matrix.matrix_callers import (
    ANONYMOUS,
    MANAGERS,
    MEMBERS,
    OUTSIDE,
    PEOPLE,
    PROGRAMS,
    TEMPORARY,
    TEMPORARY_PEOPLE,
    Stage,
    once,
)
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, Values, for_anybody, gated, lasting, table
from tests.world.ownership import forget_offers, give_offer


async def _member_invite(stage: Stage) -> Values:
    analyst = present(Kind.ROLE, BuiltinRole.ANALYST.id)
    email = f"{once()}@example.com"
    return {"accountId": stage.account.id, "email": email, "roleId": analyst, "idempotencyKey": once()}


async def _invitation(stage: Stage) -> Values:
    inviter = stage.members["administrator"].person
    id_, _ = await offer(
        stage.world.database, stage.account, BuiltinRole.ANALYST, f"{once()}@example.com", inviter
    )
    return {"invitationId": id_}


async def _invitation_for_the_newcomer(stage: Stage) -> Values:
    await stage.withdraw_invitations()
    inviter, invited = stage.members["administrator"].person, stage.newcomer
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, invited.email, inviter)
    return {"token": token}


async def _newcomer_leaves(stage: Stage, caller: str) -> None:
    await stage.remove(stage.newcomer)


async def _member_update(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id, "roleId": present(Kind.ROLE, BuiltinRole.ANALYST.id)}


async def _member_remove(stage: Stage) -> Values:
    return {"memberId": (await stage.marketer()).id}


async def _member_again(stage: Stage, caller: str) -> None:
    await stage.restore_member(caller)


async def _ownership_transfer(stage: Stage) -> Values:
    return {
        "accountId": stage.account.id,
        "toMemberId": (await stage.marketer()).id,
        "fromMemberId": stage.members["owner"].id,
    }


async def _owner_again(stage: Stage, caller: str) -> None:
    await stage.restore_owner()


async def _ownership_offer(stage: Stage) -> Values:
    owner, taker = stage.members["owner"], stage.members["marketer"]
    await give_offer(stage.world, stage.account, taker, owner.person, owner)
    return {"accountId": stage.account.id}


async def _nothing_offered(stage: Stage, caller: str) -> None:
    await forget_offers(stage.world, stage.account)


_TAKING = table(
    (ANONYMOUS, "UNAUTHENTICATED"),
    (PROGRAMS, "PERSON_REQUIRED"),
    (PEOPLE & OUTSIDE, "NOT_FOUND"),
    (PEOPLE - OUTSIDE - {"marketer"}, "FAILED_PRECONDITION"),
    ({"marketer"}, DONE),
)

MEMBER_MUTATIONS = {
    "memberInvite": Mutation("MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS), _member_invite),
    "invitationRevoke": Mutation("MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS), _invitation),
    "invitationAccept": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"newcomer"}, "WRONG_PERSON"),
            ({"newcomer"}, DONE),
        ),
        _invitation_for_the_newcomer,
        _newcomer_leaves,
    ),
    "invitationDecline": Mutation(None, for_anybody(DONE), _invitation_for_the_newcomer),
    "memberUpdate": Mutation("MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS), _member_update),
    "memberRemove": Mutation("MEMBERS_WRITE", lasting("MEMBERS_WRITE", MANAGERS), _member_remove),
    "memberLeave": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - MEMBERS - TEMPORARY, "NOT_FOUND"),
            (OWNERS, "LAST_OWNER"),
            (MEMBERS - OWNERS | TEMPORARY_PEOPLE, DONE),
        ),
        this_account,
        _member_again,
    ),
    "ownershipTransfer": Mutation(
        "ACCOUNT_TRANSFER", gated("ACCOUNT_TRANSFER", OWNERS | ABOVE), _ownership_transfer, _nothing_offered
    ),
    "ownershipTransferWithdraw": Mutation(
        "ACCOUNT_TRANSFER", gated("ACCOUNT_TRANSFER", OWNERS | ABOVE), _ownership_offer, _nothing_offered
    ),
    "ownershipAccept": Mutation(None, _TAKING, _ownership_offer, _owner_again),
    "ownershipDecline": Mutation(None, _TAKING, _ownership_offer, _nothing_offered),
}
