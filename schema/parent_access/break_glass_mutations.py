"""Breaking the glass, and making it whole again."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.base.ids import AccountId, BreakGlassId, Kind
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from resolvers.parent_access import break_glass as writes
from resolvers.parent_access import openings as break_glass
from schema.fields.access_changes import dry_run
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, payload
from schema.fields.writes import OPEN, needs, perform
from schema.parent_access.types import BreakGlassOpening

_WINDOW = datetime.timedelta(minutes=10)
_OPENINGS_OF_A_PERSON = 300


@strawberry.input(description="Which account to open, why and for how long.")
class BreakGlassOpenInput:
    account_id: strawberry.ID = strawberry.field(
        description="An account below you whose `parentAccess` is BREAK_GLASS."
    )
    reason: str = strawberry.field(
        description="Why, 1 to 200 characters; for the account's owners and its log."
    )
    hours: int = strawberry.field(description="For how long, 1 to 24.")
    dry_run: bool = dry_run()


@strawberry.input(description="Which opening to end.")
class BreakGlassEndInput:
    break_glass_id: strawberry.ID = strawberry.field(description="The opening.")
    dry_run: bool = dry_run()


@entity(None, carries={"break_glass_id": Uuid()})
class BreakGlassPayload(AccessPayload):
    """An opening that was made or ended."""

    break_glass_opening: BreakGlassOpening | None = to_one(break_glass.of_result)


@strawberry.type
class BreakGlassMutation:
    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_READ),
        description="Open an account that lets those above in only so. For persons, not for API keys; the "
        "account's owners are told by e-mail.",
    )
    async def break_glass_open(self, info: ContextInfo, input: BreakGlassOpenInput) -> BreakGlassPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> BreakGlassPayload:
            account_id = AccountId(required(Kind.ACCOUNT, input.account_id, "accountId"))
            command = writes.BreakGlass(account_id, input.reason, input.hours)
            return _payload(await writes.open_break_glass(session, principal, command))

        limit = Limit(f"break-glass of {principal.id}", _OPENINGS_OF_A_PERSON, _WINDOW)
        return await perform(info, BreakGlassPayload, write, [limit], dry_run=input.dry_run)

    @strawberry.mutation(
        directives=OPEN,
        description="End an opening, from the next request on. For who opened it, and for who holds "
        "SETTINGS_WRITE in the account by a role or key of its own.",
    )
    async def break_glass_end(self, info: ContextInfo, input: BreakGlassEndInput) -> BreakGlassPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> BreakGlassPayload:
            opening_id = BreakGlassId(required(Kind.BREAK_GLASS, input.break_glass_id, "breakGlassId"))
            return _payload(await writes.end_break_glass(session, principal, opening_id))

        return await perform(info, BreakGlassPayload, write, dry_run=input.dry_run)


def _payload(opening_id: BreakGlassId) -> BreakGlassPayload:
    return payload(BreakGlassPayload, break_glass_id=opening_id)
