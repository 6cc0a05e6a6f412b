"""Mutations of parent access and break-glass access."""

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


@strawberry.input(description="How far rights held in accounts above shall apply in a subaccount.")
class ParentAccessUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    expected_version: int = expected_version(ACCOUNT_VERSION)
    parent_access: ParentAccess = strawberry.field(description="The new value.")
    reason: str = strawberry.field(description="The reason, 1 to 200 characters, for both sides and the log.")
    dry_run: bool = dry_run()


@strawberry.input(description="The answer to the other side's request.")
class ParentAccessAnswerInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="The requested value, as you read it. CONFLICT if the request is a different one by now."
    )
    accept: bool = strawberry.field(
        description="True: the change takes effect from the next request. False: it is declined."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The request of your own side to withdraw.")
class ParentAccessWithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The subaccount.")
    parent_access: ParentAccess = strawberry.field(
        description="The requested value, as you read it. CONFLICT if the request is a different one by now."
    )


@strawberry.input(description="The account to open, the reason and the duration.")
class BreakGlassOpenInput:
    account_id: strawberry.ID = strawberry.field(
        description="An account below yours whose `parentAccess` is BREAK_GLASS."
    )
    reason: str = strawberry.field(
        description="The reason, 1 to 200 characters. The account's owners receive it, and its log shows it."
    )
    hours: int = strawberry.field(description="The duration in hours, 1 to 24.")
    dry_run: bool = dry_run()


@strawberry.input(description="The break-glass opening to end.")
class BreakGlassEndInput:
    break_glass_id: strawberry.ID = strawberry.field(description="The opening.")
    dry_run: bool = dry_run()


@entity(None, carries={"break_glass_id": Uuid()})
class BreakGlassPayload(AccessPayload):
    """The opening that was started or ended."""

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
        """Change how far rights held in accounts above apply in a subaccount and below it. If you speak for
        every side that loses rights, the change takes effect at once; otherwise the other side is asked, see
        `Account.parentAccessRequest`. SETTINGS_WRITE in the parent account and below it speaks for the
        parent. SETTINGS_WRITE through a role or key of the account itself, with every right that it gives up,
        speaks for the account. A dry run of a change that would be requested returns no changes."""
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
        """Accept or decline the request of the other side. Whoever made the request must still have the right
        to make it."""
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
        """Withdraw the request of your own side. Nothing else changes. Everybody who could make the request
        can withdraw it."""
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
        """Start a break-glass opening of an account whose `parentAccess` is BREAK_GLASS. Only people can do
        this, not API keys. The account's owners receive an e-mail."""
        command = break_glass.BreakGlass(
            account_id=account_id(input.account_id), reason=input.reason, hours=input.hours
        )
        return _payload(await break_glass.open_break_glass(session, principal, command))

    @mutation(OPEN)
    async def break_glass_end(
        self, session: WriteSession, principal: Principal, input: BreakGlassEndInput
    ) -> BreakGlassPayload:
        """End a break-glass opening, with effect from the next request. For the person who opened it, and for
        callers with SETTINGS_WRITE through a role or key of the account itself."""
        opening_id = BreakGlassId(required(Kind.BREAK_GLASS, input.break_glass_id, "breakGlassId"))
        return _payload(await break_glass.end_break_glass(session, principal, opening_id))


def _payload(opening_id: BreakGlassId) -> BreakGlassPayload:
    return payload(BreakGlassPayload, break_glass_id=opening_id)
