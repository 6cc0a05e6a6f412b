"""The rows of the matrix for shares."""

from models.base.ids import Kind
from tests.authz.escalation.outcomes import DONE
from tests.authz.matrix.matrix_callers import ANONYMOUS, MANAGERS, PEOPLE, PROGRAMS, Stage, once
from tests.authz.matrix.matrix_rows import Mutation, NodeOf, Query, Values, for_anybody, lasting, table


async def _share_create(stage: Stage) -> Values:
    values = {"accountIds": [stage.account.id], "email": f"{once()}@example.com", "areas": ["STATISTICS"]}
    return values | {"idempotencyKey": once()}


async def _share(stage: Stage) -> Values:
    return {"shareId": (await stage.share()).id}


async def _share_update(stage: Stage) -> Values:
    values = {"accountIds": [stage.account.id], "areas": ["CREDIT"], "expectedVersion": 1}
    return values | await _share(stage)


async def _share_for_the_newcomer(stage: Stage) -> Values:
    await stage.revoke_shares(stage.newcomer)
    return {"token": (await stage.share(stage.newcomer)).token}


async def _newcomer_is_no_guest(stage: Stage, caller: str) -> None:
    await stage.revoke_shares(stage.newcomer)


async def _own_share(stage: Stage) -> Values:
    return {"shareId": stage.shares["guest"].id}


async def _guest_again(stage: Stage, caller: str) -> None:
    await stage.restore_share(caller)


async def share_token(stage: Stage) -> Values:
    """Of a share that waits for somebody."""
    return {"token": (await stage.share(await stage.world.person())).token}


async def _person_remove(stage: Stage) -> Values:
    return {"accountId": stage.account.id, "userId": (await stage.marketer()).person.id}


SHARING = lasting("MEMBERS_WRITE", MANAGERS)

MUTATIONS = {
    "shareCreate": Mutation("MEMBERS_WRITE", SHARING, _share_create),
    "shareUpdate": Mutation("MEMBERS_WRITE", SHARING, _share_update),
    "shareRevoke": Mutation("MEMBERS_WRITE", SHARING, _share),
    "personRemove": Mutation("MEMBERS_WRITE", SHARING, _person_remove),
    "shareAccept": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"newcomer"}, "WRONG_PERSON"),
            ({"newcomer"}, DONE),
        ),
        _share_for_the_newcomer,
        _newcomer_is_no_guest,
    ),
    "shareDecline": Mutation(None, for_anybody(DONE), _share_for_the_newcomer),
    "shareLeave": Mutation(
        None,
        table(
            (ANONYMOUS, "UNAUTHENTICATED"),
            (PROGRAMS, "PERSON_REQUIRED"),
            (PEOPLE - {"guest"}, "NOT_FOUND"),
            ({"guest"}, DONE),
        ),
        _own_share,
        _guest_again,
    ),
}


QUERIES = {
    "share": Query(None, for_anybody(DONE), "{ accountNames }", share_token),
}


ACCOUNT_FIELDS = {
    "shares": ("MEMBERS_READ", MANAGERS),
}


async def _accepted(stage: Stage) -> str:
    return stage.shares["guest"].id


NODES = {
    Kind.SHARE: NodeOf(_accepted, MANAGERS | {"guest"}),
}
