"""The rows of the matrix for members and ownership."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.areas.accounts.matrix import OWNERS, this_account
from tests.authz.escalation.outcomes import DONE
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
)
from tests.authz.matrix.matrix_rows import ABOVE, Mutation, NodeOf, Values, gated, lasting, table
from tests.world.ownership import forget_offers, give_offer


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

MUTATIONS = {
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


ACCOUNT_FIELDS = {
    "members": ("MEMBERS_READ", MANAGERS),
    "ownershipOffer": ("MEMBERS_READ", MANAGERS),
}


async def _administrator(stage: Stage) -> str:
    return stage.members["administrator"].id


NODES = {
    Kind.MEMBER: NodeOf(_administrator, MANAGERS),
}
