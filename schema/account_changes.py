"""What changes an account."""

from collections.abc import Awaitable, Callable

import strawberry
from sqlalchemy import Uuid

from authz.guard import Authorized
from authz.permissions import Permission
from authz.principals import Principal
from engine.declarations import entity, to_one
from engine.write_sessions import WriteSession
from models.accounts import ApiKeyCreationPlace, RightsInheritance
from models.identifiers import AccountId, Kind
from resolvers import account_changes as writes
from resolvers import accounts
from resolvers.identifiers import required
from schema.access_changes import AccessChange, access_changes, dry_run, more_access_changes
from schema.accounts import Account
from schema.context import ContextInfo, principal_of
from schema.updates import expected_version, given, given_value, may_stay
from schema.user_errors import UserError
from schema.writes import authz_revision, needs, payload, perform, user_errors


@strawberry.input(description="Which account to change, and its new values. What is left out stays.")
class AccountUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    external_id: str | None = may_stay("Your own id, unique under the parent; null takes it away.")
    rights_inheritance: RightsInheritance | None = may_stay(
        "Which roles held here also hold below. Needs SETTINGS_WRITE, here and below."
    )
    api_key_creation: ApiKeyCreationPlace | None = may_stay(
        "Where in the tree API keys are made; of a master account only, else FAILED_PRECONDITION. Needs "
        "SETTINGS_WRITE, here and below."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="Which account to suspend, resume or close.")
class AccountStatusInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str | None = strawberry.field(default=None, description="For the account's log.")
    dry_run: bool = dry_run()


@entity(None, carries={"account_id": Uuid()})
class AccountPayload:
    """An account that was changed."""

    account: Account | None = to_one(accounts.of_result)
    access_changes: list[AccessChange] | None = access_changes()
    more_access_changes: bool = more_access_changes()
    user_errors: list[UserError] = user_errors()
    authz_revision: str | None = authz_revision()


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
        description="End an account for good; it stays readable. Its subaccounts must be closed before.",
    )
    async def account_close(self, info: ContextInfo, input: AccountStatusInput) -> AccountPayload:
        return await _change_status(info, input, writes.close_account)


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
