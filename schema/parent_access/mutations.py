"""What changes how the rights held above an account reach into it."""

import datetime

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import ParentAccess
from models.base.ids import BreakGlassId, Kind
from resolvers.effects.attempts import Limit
from resolvers.inputs.global_ids import required
from resolvers.parent_access import break_glass, change, openings
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id
from schema.fields.marks import OPEN, needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccessPayload, AccountPayload, payload
from schema.fields.updates import ACCOUNT_VERSION, expected_version
from schema.parent_access.types import BreakGlassOpening

_WINDOW = datetime.timedelta(minutes=10)
_OPENINGS_OF_A_PERSON = 300


@strawberry.input(description="How the rights held above a subaccount shall reach into it.")
class ParentAccessUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    parent_access: ParentAccess = strawberry.field(description="The new mode.")
    reason: str = strawberry.field(description="Why, 1 to 200 characters; for both sides and for the log.")
    dry_run: bool = dry_run()


@strawberry.input(description="The answer to what the other side asks for.")
class ParentAccessAnswerInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="What is asked for, as you read it; CONFLICT where it is something else by now."
    )
    accept: bool = strawberry.field(description="True: it holds from the next request on. False: declined.")
    dry_run: bool = dry_run()


@strawberry.input(description="What one's own side asks for shall not be answered any more.")
class ParentAccessWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="What is asked for, as you read it; CONFLICT where it is something else by now."
    )


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

    break_glass_opening: BreakGlassOpening | None = to_one(openings.of_result)


def _openings_of(principal: Principal) -> list[Limit]:
    subject = f"break-glass of {principal.id}"
    return [Limit(subject=subject, most=_OPENINGS_OF_A_PERSON, window=_WINDOW)]


@strawberry.type
class ParentAccessMutation:
    @mutation(needs(Permission.SETTINGS_WRITE))
    async def parent_access_update(
        self, session: WriteSession, principal: Principal, input: ParentAccessUpdateInput
    ) -> AccountPayload:
        """Change what of the rights held above a subaccount holds in it and below. Whoever speaks for all who
        lose by it does so at once; else the other side is asked, see `Account.parentAccessRequest`. For the
        parent speaks SETTINGS_WRITE in it and below it, for the account SETTINGS_WRITE by a role or key of
        its own, with all that it gives up. A dry run of what would be asked for tells of no change."""
        command = change.ParentAccessUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            parent_access=input.parent_access,
            reason=input.reason,
        )
        done = await change.update_parent_access(session, principal, command)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def parent_access_answer(
        self, session: WriteSession, principal: Principal, input: ParentAccessAnswerInput
    ) -> AccountPayload:
        """Accept or decline what the other side asks for. Whoever asked must still have the right to."""
        command = change.ParentAccessAnswer(
            account_id=account_id(input.account_id),
            parent_access=input.parent_access,
            accept=input.accept,
        )
        done = await change.answer_parent_access(session, principal, command)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.SETTINGS_WRITE))
    async def parent_access_withdraw(
        self, session: WriteSession, principal: Principal, input: ParentAccessWithdrawInput
    ) -> AccountPayload:
        """Take back what your own side asks for; nothing else changes. Anybody may who could ask for that
        side."""
        command = change.ParentAccessWithdrawal(
            account_id=account_id(input.account_id), parent_access=input.parent_access
        )
        done = await change.withdraw_parent_access(session, principal, command)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(
        needs(Permission.ACCOUNT_READ),
        limits=_openings_of,
    )
    async def break_glass_open(
        self, session: WriteSession, principal: Principal, input: BreakGlassOpenInput
    ) -> BreakGlassPayload:
        """Open an account that lets those above in only so. For persons, not for API keys; the account's
        owners are told by e-mail."""
        command = break_glass.BreakGlass(
            account_id=account_id(input.account_id), reason=input.reason, hours=input.hours
        )
        return _payload(await break_glass.open_break_glass(session, principal, command))

    @mutation(OPEN)
    async def break_glass_end(
        self, session: WriteSession, principal: Principal, input: BreakGlassEndInput
    ) -> BreakGlassPayload:
        """End an opening, from the next request on. For who opened it, and for who holds SETTINGS_WRITE in
        the account by a role or key of its own."""
        opening_id = BreakGlassId(required(Kind.BREAK_GLASS, input.break_glass_id, "breakGlassId"))
        return _payload(await break_glass.end_break_glass(session, principal, opening_id))


def _payload(opening_id: BreakGlassId) -> BreakGlassPayload:
    return payload(BreakGlassPayload, break_glass_id=opening_id)
