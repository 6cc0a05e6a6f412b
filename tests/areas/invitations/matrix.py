"""The rows of the matrix for invitations."""

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from tests.authz.cases.moments import offer
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Values, for_anybody, lasting, table
from tests.world.world import Person


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


MUTATIONS = {
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
}


async def _token(stage: Stage) -> Values:
    person: Person = await stage.world.person()
    inviter = stage.members["administrator"].person
    _, token = await offer(stage.world.database, stage.account, BuiltinRole.ANALYST, person.email, inviter)
    return {"token": token}


QUERIES = {
    # The secret of the link is what lets its holder see what it offers.
    "invitation": Query(None, for_anybody(DONE), "{ accountName }", _token),
}


ACCOUNT_FIELDS = {
    "invitations": ("MEMBERS_READ", MANAGERS),
}


async def _invitation_id(stage: Stage) -> str:
    inviter, database = stage.members["administrator"].person, stage.world.database
    invitation_id, _ = await offer(database, stage.account, BuiltinRole.ANALYST, "node@example.com", inviter)
    return invitation_id


NODES = {
    Kind.INVITATION: NodeOf(_invitation_id, MANAGERS),
}
