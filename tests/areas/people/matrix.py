"""The rows of the matrix for signing up and in."""

from models.base.ids import Kind
from models.people.mailbox_links import MailboxLinkKind
from tests.authz.cases.moments import hash_quickly, open_session
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, PEOPLE, PROGRAMS, Stage, once
from tests.authz.matrix.matrix_rows import (
    Mutation,
    NodeOf,
    Query,
    Values,
    for_anybody,
    no_input,
    people_only,
    table,
)
from tests.client.mailbox import give_link
from tests.world.world import PASSWORD, Member, Person


async def _sign_up(stage: Stage) -> Values:
    return {"name": "Pia", "email": once(), "password": PASSWORD, "accountName": "Own"}


async def _sign_in(stage: Stage) -> Values:
    person = await stage.world.person()
    await hash_quickly(stage.world.database, person)
    return {"email": person.email, "password": PASSWORD}


async def _email_verify(stage: Stage) -> Values:
    person = await stage.world.person(verified=False)
    await hash_quickly(stage.world.database, person)
    token = await give_link(stage.world, person, MailboxLinkKind.EMAIL_VERIFICATION)
    return {"token": token, "password": PASSWORD}


async def _password_reset_request(stage: Stage) -> Values:
    return {"email": (await stage.world.person()).email}


async def _password_reset(stage: Stage) -> Values:
    """Too short a password: to hash so many would take its time."""
    token = await give_link(stage.world, await stage.world.person(), MailboxLinkKind.PASSWORD_RESET)
    return {"token": token, "newPassword": "short"}


async def _session_again(stage: Stage, caller: str) -> None:
    asker = stage.callers[caller]
    person = asker.person if isinstance(asker, Member) else asker
    assert isinstance(person, Person)
    await open_session(stage.world.database, person, person.token)


async def _password_change(stage: Stage) -> Values:
    return {"currentPassword": "wrong", "newPassword": PASSWORD}


async def _email_change(stage: Stage) -> Values:
    return {"email": once(), "password": "wrong"}


async def _user_update(stage: Stage) -> Values:
    """What only some callers have read: each says the version that nobody has."""
    return {"expectedVersion": 7, "name": "Renamed"}


async def _user_delete(stage: Stage) -> Values:
    return {"password": "wrong"}


MUTATIONS = {
    # Whoever may sign up is told that the address is none: to hash so many passwords would take its time.
    "signUp": Mutation(None, for_anybody("BAD_USER_INPUT"), _sign_up, counted=True),
    "signIn": Mutation(None, for_anybody(DONE), _sign_in, changes=False),
    "emailVerify": Mutation(None, for_anybody(DONE), _email_verify, changes=False),
    "emailVerificationRequest": Mutation(None, people_only(DONE), no_input, changes=False),
    "passwordResetRequest": Mutation(None, for_anybody(DONE), _password_reset_request, changes=False),
    "passwordReset": Mutation(None, for_anybody("BAD_USER_INPUT"), _password_reset),
    "signOut": Mutation(None, people_only(DONE), no_input, _session_again, changes=False),
    "passwordChange": Mutation(None, people_only("SIGN_IN_REFUSED"), _password_change),
    "emailChange": Mutation(None, people_only("SIGN_IN_REFUSED"), _email_change),
    "userUpdate": Mutation(None, people_only("CONFLICT"), _user_update),
    "userDelete": Mutation(None, people_only("SIGN_IN_REFUSED"), _user_delete),
}


QUERIES = {
    "viewer": Query(None, table((ANONYMOUS, "UNAUTHENTICATED"), (PEOPLE | PROGRAMS, DONE)), "{ id }"),
}


async def _administrator(stage: Stage) -> str:
    return stage.members["administrator"].person.id


NODES = {
    Kind.USER: NodeOf(_administrator, {"administrator"}),
}
