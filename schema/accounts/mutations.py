"""Mutations that create, change and close accounts."""

import strawberry
from sqlalchemy import Uuid

from authz.callers.principals import Principal
from authz.policy.permissions import Permission
from engine.declare.declarations import entity, to_one
from engine.writes.sessions import WriteSession
from models.accounts.tables import ApiKeyCreationPlace, Currency, RightsInheritance
from models.settings.tables import SettingName
from resolvers.accounts import change, create_subaccount
from resolvers.accounts import reads as accounts
from resolvers.accounts.close import AccountClosing, close_account
from resolvers.accounts.reopen import reopen_account
from resolvers.api_keys import reads as api_keys
from resolvers.invitations import reads as invitations
from schema.accounts.types import Account
from schema.api_keys.types import ApiKey
from schema.credit.settlement import SettlementPayload, shown_effects
from schema.fields.amounts import MicroAmount
from schema.fields.context import Context
from schema.fields.dry_runs import dry_run
from schema.fields.idempotency import idempotency_key, replayed
from schema.fields.ids import account_id
from schema.fields.marks import needs
from schema.fields.mutation import mutation
from schema.fields.payloads import AccountPayload, Payload, payload
from schema.fields.updates import expected_version, given, given_value, may_stay
from schema.invitations.types import Invitation


@strawberry.input(description="A new subaccount.")
class SubaccountCreateInput:
    parent_id: strawberry.ID = strawberry.field(description="The account that will manage it.")
    name: str = strawberry.field(description="1 to 200 characters.")
    external_id: str | None = strawberry.field(
        default=None,
        description="Your own id, 1 to 200 characters, unique among the parent's accounts that are not "
        "closed. Case and accents count.",
    )
    owner_email: str | None = strawberry.field(
        default=None,
        description="The address that is invited to own it. Left out, only the parent manages it.",
    )
    copy_from: strawberry.ID | None = strawberry.field(
        default=None,
        description="An account of the tree whose settings are copied. Requires SETTINGS_READ there, and "
        "`copy`.",
    )
    copy: list[SettingName] | None = strawberry.field(
        default=None,
        description="The settings to copy, as by `settingsCopy`. What is not listed is inherited.",
    )
    idempotency_key: str = idempotency_key("it creates nothing more")


@entity(None, carries={"account_id": Uuid(), "api_key_id": Uuid(), "invitation_id": Uuid()})
class SubaccountCreatePayload(Payload):
    """The new subaccount."""

    account: Account | None = to_one(accounts.of_result)
    api_key: ApiKey | None = to_one(
        api_keys.of_result, description="The subaccount's first API key, with the role ADMINISTRATOR."
    )
    secret: str | None = strawberry.field(
        default=None, description="The API key's secret. It is returned only this once; null if replayed."
    )
    invitation: Invitation | None = to_one(
        invitations.of_result, description="The invitation sent to the owner's address."
    )
    replayed: bool = replayed()


@strawberry.input(description="The account and its new values. Fields that are left out stay as they are.")
class AccountUpdateInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    expected_version: int = expected_version()
    name: str | None = may_stay("1 to 200 characters.")
    external_id: str | None = may_stay(
        "Your own id, 1 to 200 characters, unique among the parent's accounts that are not closed. Null "
        "removes it."
    )
    rights_inheritance: RightsInheritance | None = may_stay(
        "Which roles in this account also apply below. Requires SETTINGS_WRITE in this account and in the "
        "accounts below."
    )
    api_key_creation: ApiKeyCreationPlace | None = may_stay(
        "Where in the tree API keys are created. Only for a master account; other accounts answer "
        "FAILED_PRECONDITION. Requires SETTINGS_WRITE in this account and in the accounts below."
    )
    currency: Currency | None = may_stay(
        "The currency of all amounts in the tree, to correct that of `signUp`. Only for a master account; "
        "other accounts answer FAILED_PRECONDITION. Requires PLAN_WRITE as well. ALREADY_BOOKED once an "
        "account of the tree has a plan of its own, credit, a budget of credit, a top-up or its rule, "
        "or numbers of costs or revenue."
    )
    dry_run: bool = dry_run()


@strawberry.input(description="The account to suspend, resume or reopen.")
class AccountStatusInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str | None = strawberry.field(default=None, description="The reason, for `Event.reason`.")
    dry_run: bool = dry_run()


@strawberry.input(description="The account to close.")
class AccountCloseInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    reason: str | None = strawberry.field(default=None, description="The reason, for `Event.reason`.")
    forfeit_credit: MicroAmount | None = strawberry.field(
        default=None,
        description="For a master account only: the largest amount of credit to give up, as reported by the "
        "obstacle CREDIT_LEFT. It is not refunded.",
    )
    dry_run: bool = dry_run()


@entity(None, carries={"account_id": Uuid()})
class AccountClosePayload(SettlementPayload):
    """The closed account."""

    account: Account | None = to_one(accounts.of_result)


@strawberry.type
class AccountMutation:
    @mutation(needs(Permission.SUBACCOUNTS_WRITE))
    async def subaccount_create(
        self, session: WriteSession, principal: Principal, context: Context, input: SubaccountCreateInput
    ) -> SubaccountCreatePayload:
        """Create a subaccount with its first API key. Optionally, invite its owner, and copy settings from
        another account."""
        command = create_subaccount.SubaccountCreation(
            parent_id=account_id(input.parent_id, "parentId"),
            name=input.name,
            external_id=input.external_id,
            owner_email=input.owner_email,
            idempotency_key=input.idempotency_key,
            link=context.offer_page,
            set_up=context.deployment.subaccount_set_up,
            copy_from_id=None if input.copy_from is None else account_id(input.copy_from, "copyFrom"),
            copy=frozenset(input.copy or ()),
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
        """Change an account's settings."""
        command = change.AccountUpdate(
            account_id=account_id(input.account_id),
            expected_version=input.expected_version,
            name=given_value(input.name, "name"),
            external_id=given(input.external_id),
            rights_inheritance=given_value(input.rights_inheritance, "rightsInheritance"),
            api_key_creation=given_value(input.api_key_creation, "apiKeyCreation"),
            currency=given_value(input.currency, "currency"),
        )
        done = await change.update_account(session, principal, command)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_SUSPEND))
    async def account_suspend(
        self, session: WriteSession, principal: Principal, input: AccountStatusInput
    ) -> AccountPayload:
        """Suspend a subaccount and everything below it: it can be read but not changed. The permission must
        come from an account above."""
        done = await change.suspend_account(session, principal, account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_SUSPEND))
    async def account_resume(
        self, session: WriteSession, principal: Principal, input: AccountStatusInput
    ) -> AccountPayload:
        """Resume a suspended subaccount. The permission must come from an account above."""
        done = await change.resume_account(session, principal, account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)

    @mutation(needs(Permission.ACCOUNT_CLOSE))
    async def account_close(
        self, session: WriteSession, principal: Principal, input: AccountCloseInput
    ) -> AccountClosePayload:
        """Close an account; it stays readable, and `accountReopen` opens it again for 30 days. Its
        subaccounts must be closed first. Its remaining credit goes to the pool above, its uncommitted
        reservations are voided, and everything pending in it ends; `effects` lists all of this, also in a
        dry run. A top-up without an answer from the payment provider blocks closing, and so does the
        credit of a master account until it is given up. The current billing cycle is still invoiced. The
        account's contacts, contact lists and attributes are deleted 30 days later, whatever `effects`
        lists: export before what is still needed."""
        command = AccountClosing(
            account_id=account_id(input.account_id), reason=input.reason, forfeit_credit=input.forfeit_credit
        )
        done = await close_account(session, principal, command)
        return payload(
            AccountClosePayload,
            account_id=done.account.account_id,
            effects=shown_effects(done.effects),
        )

    @mutation(needs(Permission.ACCOUNT_CLOSE))
    async def account_reopen(
        self, session: WriteSession, principal: Principal, input: AccountStatusInput
    ) -> AccountPayload:
        """Open a closed account again, for 30 days after it was closed. It gets back the status that it had,
        its owners and its contacts; what closing settled stays settled. An account that is not closed
        stays as it is. FAILED_PRECONDITION where it was closed earlier. ACCOUNT_CLOSED or
        ACCOUNT_SUSPENDED where one above it is. CONFLICT where another account has its external id by
        now. ALREADY_OWNS_ACCOUNT where one of its owners owns another account by now."""
        done = await reopen_account(session, principal, account_id(input.account_id), input.reason)
        return payload(AccountPayload, account_id=done.account_id)
