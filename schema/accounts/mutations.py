"""What makes, changes and ends accounts."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import ApiKeyCreationPlace, RightsInheritance
from resolvers.accounts import change, create_subaccount
from resolvers.accounts import reads as accounts
from resolvers.accounts.close import AccountClosing, close_account
from resolvers.api_keys import reads as api_keys
from resolvers.invitations import reads as invitations
from schema.accounts.types import Account
from schema.api_keys.types import ApiKey
from schema.credit.settlement import SettlementPayload, told_effects
from schema.fields.amounts import MicroAmount
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccountPayload, Payload, payload, replayed
from schema.fields.updates import expected_version, given, given_value, may_stay
from schema.invitations.types import Invitation


@strawberry.input(description="A complete account below another.")
class SubaccountCreateInput:
    parent_id: strawberry.ID = strawberry.field(description="The account that will manage it.")
    name: str = strawberry.field(description="1 to 200 characters.")
    external_id: str | None = strawberry.field(
        default=None,
        description="Your own id for it, 1 to 200 characters, unique among the parent's accounts that are "
        "not closed. Case and accents count.",
    )
    owner_email: str | None = strawberry.field(
        default=None, description="Who is invited to own it; without it the parent alone manages it."
    )
    idempotency_key: str = strawberry.field(
        description="Your own, 1 to 200 characters. The same key again within 30 days makes nothing new."
    )


@entity(None, carries={"account_id": Uuid(), "api_key_id": Uuid(), "invitation_id": Uuid()})
class SubaccountCreatePayload(Payload):
    """A subaccount that was made."""

    account: Account | None = to_one(accounts.of_result)
    api_key: ApiKey | None = to_one(
        api_keys.of_result, description="The subaccount's first API key (R6), an administrator's."
    )
    secret: str | None = strawberry.field(
        default=None, description="The API key's secret, told this once; null when replayed."
    )
    invitation: Invitation | None = to_one(
        invitations.of_result, description="What was sent to the owner's address."
    )
    replayed: bool = replayed()


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
class AccountClosePayload(SettlementPayload):
    """An account that was closed."""

    account: Account | None = to_one(accounts.of_result)


@strawberry.type
class AccountMutation:
    @mutation(needs(Permission.SUBACCOUNTS_WRITE))
    async def subaccount_create(
        self, session: WriteSession, principal: Principal, context: Context, input: SubaccountCreateInput
    ) -> SubaccountCreatePayload:
        """Make a subaccount, with its first API key and, if asked, an invitation of its owner."""
        command = create_subaccount.SubaccountCreation(
            parent_id=account_id(input.parent_id, "parentId"),
            name=input.name,
            external_id=input.external_id,
            owner_email=input.owner_email,
            idempotency_key=input.idempotency_key,
            link=context.offer_page,
            set_up=context.deployment.subaccount_set_up,
        )
        made = await create_subaccount.create_subaccount(session, principal, command)
        return payload(
            SubaccountCreatePayload,
            account_id=made.account_id,
            api_key_id=made.api_key_id,
            invitation_id=made.invitation_id,
            secret=made.secret,
            replayed=made.replayed,
        )

    @mutation(needs(Permission.ACCOUNT_WRITE))
    async def account_update(
        self, session: WriteSession, principal: Principal, input: AccountUpdateInput
    ) -> AccountPayload:
        """Change an account's own settings."""
        command = change.AccountUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            external_id=given(input.external_id),
            rights_inheritance=given_value(input.rights_inheritance, "rightsInheritance"),
            api_key_creation=given_value(input.api_key_creation, "apiKeyCreation"),
        )
        done = await change.update_account(session, principal, command)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_SUSPEND))
    async def account_suspend(
        self, session: WriteSession, principal: Principal, input: AccountStatusInput
    ) -> AccountPayload:
        """Stop every change in a subaccount and below it; it can still be read. Held from above."""
        done = await change.suspend_account(session, principal, account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_SUSPEND))
    async def account_resume(
        self, session: WriteSession, principal: Principal, input: AccountStatusInput
    ) -> AccountPayload:
        """Let a suspended subaccount be used again. Held from above."""
        done = await change.resume_account(session, principal, account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_CLOSE))
    async def account_close(
        self, session: WriteSession, principal: Principal, input: AccountCloseInput
    ) -> AccountClosePayload:
        """End an account for good; it stays readable. Its subaccounts must be closed before. Its credit goes
        to the pool above it, what it has booked and not committed is given back, and what waits in it ends:
        `effects` tell all of it, with `dryRun` before it is done. A top-up that the payment provider has not
        answered stands in the way, and so does the credit of a master account until it is given up. The
        running billing cycle is still invoiced."""
        command = AccountClosing(
            account_id=account_id(input.account_id), reason=input.reason, forfeit_credit=input.forfeit_credit
        )
        done = await close_account(session, principal, command)
        told = told_effects(done.effects)
        return payload(AccountClosePayload, account_id=done.account.account_id, effects=told)
