"""What changes an account."""

from collections.abc import Awaitable, Callable

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import ApiKeyCreationPlace, RightsInheritance
from models.base.ids import AccountId, Kind
from resolvers.accounts import change as writes
from resolvers.accounts import reads as accounts
from resolvers.accounts.close import AccountClosing, close_account
from resolvers.inputs.global_ids import required
from schema.accounts.types import Account
from schema.credit.settlement import SettlementEffect, effects, told_effects
from schema.fields.access_changes import dry_run
from schema.fields.amounts import MicroAmount
from schema.fields.context import ContextInfo, principal_of
from schema.fields.payloads import AccessPayload, AccountPayload, payload
from schema.fields.updates import expected_version, given, given_value, may_stay
from schema.fields.writes import needs, perform


@strawberry.input(description="Which account to change, and its new values. What is left out stays.")
class AccountUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    external_id: str | None = may_stay(
        "Your own id, 1 to 200 characters, unique among the parent's accounts that are not closed; "
        "null takes it away."
    )
    rights_inheritance: RightsInheritance | None = may_stay(
        "Which roles held here also hold below. Needs SETTINGS_WRITE, here and below."
    )
    api_key_creation: ApiKeyCreationPlace | None = may_stay(
        "Where in the tree API keys are made; of a master account only, else FAILED_PRECONDITION. Needs "
        "SETTINGS_WRITE, here and below."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Which account to suspend or resume.")
class AccountStatusInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str | None = strawberry.field(default=None, description="For the account's log.")
    dry_run: bool = dry_run()


@strawberry.input(description="Which account to close.")
class AccountCloseInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str | None = strawberry.field(default=None, description="For the account's log.")
    forfeit_credit: MicroAmount | None = strawberry.field(
        default=None,
        description="Of a master account only: at most so much of its credit is given up, as the obstacle "
        "CREDIT_LEFT told it. Nobody pays it back.",
    )
    dry_run: bool = dry_run()


@entity(None, carries={"account_id": Uuid()})
class AccountClosePayload(AccessPayload):
    """An account that was closed."""

    account: Account | None = to_one(accounts.of_result)
    effects: list[SettlementEffect] | None = effects()


@strawberry.type
class AccountMutation:
    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_WRITE), description="Change an account's own settings."
    )
    async def account_update(self, info: ContextInfo, input: AccountUpdateInput) -> AccountPayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> AccountPayload:
            command = writes.AccountUpdate(
                account_id=_account_id(input.account_id),
                expected_version=input.expected_version,
                name=given_value(input.name, "name"),
                external_id=given(input.external_id),
                rights_inheritance=given_value(input.rights_inheritance, "rightsInheritance"),
                api_key_creation=given_value(input.api_key_creation, "apiKeyCreation"),
            )
            done = await writes.update_account(session, principal, command)
            return payload(AccountPayload, account_id=done.account_id)

        return await perform(info, AccountPayload, write, dry_run=input.dry_run)

    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_SUSPEND),
        description="Stop every change in a subaccount and below it; it can still be read. Held from above.",
    )
    async def account_suspend(self, info: ContextInfo, input: AccountStatusInput) -> AccountPayload:
        return await _change_status(info, input, writes.suspend_account)

    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_SUSPEND),
        description="Let a suspended subaccount be used again. Held from above.",
    )
    async def account_resume(self, info: ContextInfo, input: AccountStatusInput) -> AccountPayload:
        return await _change_status(info, input, writes.resume_account)

    @strawberry.mutation(
        directives=needs(Permission.ACCOUNT_CLOSE),
        description="End an account for good; it stays readable. Its subaccounts must be closed before. Its "
        "credit goes to the pool above it, what it has booked and not committed is given back, and what "
        "waits in it ends: `effects` tell all of it, with `dryRun` before it is done. A top-up that the "
        "payment provider has not answered stands in the way, and so does the credit of a master account "
        "until it is given up. The running billing cycle is still invoiced.",
    )
    async def account_close(self, info: ContextInfo, input: AccountCloseInput) -> AccountClosePayload:
        principal = principal_of(info)

        async def write(session: WriteSession) -> AccountClosePayload:
            command = AccountClosing(_account_id(input.account_id), input.reason, input.forfeit_credit)
            done = await close_account(session, principal, command)
            told = told_effects(done.effects)
            return payload(AccountClosePayload, account_id=done.account.account_id, effects=told)

        return await perform(info, AccountClosePayload, write, dry_run=input.dry_run, also_told=("effects",))


StatusChange = Callable[[WriteSession, Principal, AccountId, str | None], Awaitable[Authorized]]


async def _change_status(
    info: ContextInfo, input: AccountStatusInput, change: StatusChange
) -> AccountPayload:
    principal = principal_of(info)

    async def write(session: WriteSession) -> AccountPayload:
        done = await change(session, principal, _account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)

    return await perform(info, AccountPayload, write, dry_run=input.dry_run)


def _account_id(text: str) -> AccountId:
    return AccountId(required(Kind.ACCOUNT, text, "accountId"))
