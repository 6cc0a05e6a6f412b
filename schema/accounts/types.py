"""Accounts."""

import datetime

import strawberry
from sqlalchemy import BigInteger

from authz.policy.permissions import Permission
from engine.declare.codecs import enum_of, global_id, mask_of
from engine.declare.connections import Connection
from engine.declare.declarations import column, computed, connection, entity, to_many, to_one
from models.accounts.tables import (
    AccountKind,
    AccountStatus,
    ApiKeyCreationPlace,
    ParentAccess,
    RightsInheritance,
    accounts,
)
from models.base.ids import Kind
from models.billing.tables import BillingMode
from models.staff.overrides import UnsubscribeScope
from resolvers.access import matrix as access
from resolvers.accounts import reads
from resolvers.api_keys import ghosts
from resolvers.api_keys import reads as api_keys
from resolvers.audit import reads as events
from resolvers.billing import cost_report as costs
from resolvers.billing import invoiced_account as billing
from resolvers.billing import invoices
from resolvers.budgets import reads as budget_reads
from resolvers.credit import ledger
from resolvers.credit import proof as ledger_proof
from resolvers.credit import reads as credit_reads
from resolvers.invitations import reads as invitations
from resolvers.members import ownership_offers
from resolvers.members import reads as members
from resolvers.parent_access import openings as break_glass
from resolvers.parent_access import reads as links
from resolvers.payments import methods as payment_methods
from resolvers.payments import top_up_rules, top_ups
from resolvers.plans import reads as plan_reads
from resolvers.roles import reads as roles
from resolvers.shares import reads as shares
from resolvers.staff import overrides as override_reads
from resolvers.staff import subaccounts_requests
from resolvers.usage import reads as usage_reads
from schema.access.types import AccessEntry
from schema.api_keys.types import ApiKey, Ghost
from schema.audit.types import Event
from schema.billing.types import AccountCost, BillingDetails, Invoice
from schema.budgets.types import CreditBudget, SendBudget
from schema.credit.types import Credit, LedgerEntry, LedgerProof
from schema.fields.amounts import AMOUNT, MicroAmount
from schema.fields.node import ID_DESCRIPTION, Node
from schema.invitations.types import Invitation
from schema.members.types import Member, OwnershipOffer
from schema.parent_access.types import BreakGlassOpening, ParentAccessRequest
from schema.payments.types import PaymentMethod, TopUp, TopUpRule
from schema.plans.types import Plan, Subscription
from schema.roles.types import Role
from schema.shares.types import Share
from schema.staff.types import Override, SubaccountsRequest
from schema.usage.types import Usage

_STATUS = enum_of(AccountStatus)


@entity(accounts, carries={"mask": BigInteger()}, requires=Permission.ACCOUNT_READ)
class Account(Node):
    """A customer's complete account, with its own members, keys, credit and content. A master account is the
    root of a tree; a subaccount is managed by the account above it."""

    id: strawberry.ID = column(codec=global_id(Kind.ACCOUNT), description=ID_DESCRIPTION)
    external_id: str | None = column(
        description="Your own id for the account, unique among the parent's accounts that are not closed."
    )
    name: str = column(description="The account's name, as its owner wrote it.")
    kind: AccountKind = computed(reads.kind_of, codec=enum_of(AccountKind))
    status: AccountStatus = computed(reads.status_of, codec=_STATUS)
    own_status: AccountStatus = computed(reads.own_status_of, codec=_STATUS)
    rights_inheritance: RightsInheritance | None = column(
        codec=enum_of(RightsInheritance),
        requires=Permission.SETTINGS_READ,
        description="Which roles in this account also apply in the accounts below.",
    )
    api_key_creation: ApiKeyCreationPlace | None = computed(
        reads.api_key_creation_of, codec=enum_of(ApiKeyCreationPlace), requires=Permission.SETTINGS_READ
    )
    parent_access: ParentAccess = column(
        codec=enum_of(ParentAccess),
        description="How far rights held in accounts above apply in this account and below it; FULL for a "
        "master account. Both sides agree on changes, see `parentAccessUpdate`.",
    )
    parent_access_request: ParentAccessRequest | None = to_one(links.request_of)
    ownership_offer: OwnershipOffer | None = to_one(
        ownership_offers.of_account, requires=Permission.MEMBERS_READ
    )
    created_at: datetime.datetime = column(description="When it was created.")
    version: int = column(description="Increases with every change. Send it as `expectedVersion`.")
    parent: "Account | None" = to_one(reads.parent_of)
    master: "Account | None" = to_one(reads.master_of)
    ancestors: "list[Account]" = to_many(reads.ancestors_of)
    subaccounts: "Connection[Account] | None" = connection(
        reads.subaccounts_of, order=reads.order, requires=Permission.SUBACCOUNTS_READ
    )
    members: Connection[Member] | None = connection(
        members.of_account, order=members.BY_ID, requires=Permission.MEMBERS_READ
    )
    roles: Connection[Role] | None = connection(
        roles.of_account, order=roles.BY_NAME, requires=Permission.ROLES_READ
    )
    invitations: Connection[Invitation] | None = connection(
        invitations.of_account, order=invitations.BY_ID, requires=Permission.MEMBERS_READ
    )
    shares: Connection[Share] | None = connection(
        shares.of_account, order=shares.BY_ID, requires=Permission.MEMBERS_READ
    )
    api_keys: Connection[ApiKey] | None = connection(
        api_keys.of_account, order=api_keys.BY_ID, requires=Permission.API_KEYS_READ
    )
    ghosts: Connection[Ghost] | None = connection(
        ghosts.of_account, order=ghosts.BY_ID, requires=Permission.API_KEYS_READ
    )
    access_matrix: Connection[AccessEntry] = connection(access.of_account, order=access.BY_SUBJECT)
    events: Connection[Event] | None = connection(
        events.of_account, order=events.BY_ID, requires=Permission.AUDIT_READ
    )
    break_glass_openings: Connection[BreakGlassOpening] | None = connection(
        break_glass.of_account, order=break_glass.BY_ID, requires=Permission.AUDIT_READ
    )
    overrides: Connection[Override] | None = connection(
        override_reads.of_account, order=override_reads.BY_ID, requires=Permission.SETTINGS_READ
    )
    unsubscribe_scope: UnsubscribeScope | None = computed(
        override_reads.unsubscribe_scope_of,
        codec=enum_of(UnsubscribeScope),
        requires=Permission.SETTINGS_READ,
    )
    sending_domain_limit: int | None = computed(
        override_reads.sending_domain_limit_of, requires=Permission.SETTINGS_READ
    )
    field_functions: bool | None = computed(
        override_reads.field_functions_of, requires=Permission.SETTINGS_READ
    )
    review_approved: bool | None = computed(
        override_reads.review_approved_of, requires=Permission.SETTINGS_READ
    )
    subaccounts_requests: Connection[SubaccountsRequest] | None = connection(
        subaccounts_requests.of_account,
        order=subaccounts_requests.BY_ID,
        requires=Permission.SUBACCOUNTS_READ,
    )
    credit: Credit | None = to_one(credit_reads.of_account, requires=Permission.CREDIT_READ)
    credit_at: MicroAmount | None = computed(
        credit_reads.balance_at, codec=AMOUNT, requires=Permission.CREDIT_READ
    )
    ledger_entries: Connection[LedgerEntry] | None = connection(
        ledger.of_account, order=ledger.BY_SEQUENCE, requires=Permission.CREDIT_READ
    )
    payment_methods: Connection[PaymentMethod] | None = connection(
        payment_methods.of_account, order=payment_methods.BY_ID, requires=Permission.CREDIT_READ
    )
    top_ups: Connection[TopUp] | None = connection(
        top_ups.of_account, order=top_ups.BY_ID, requires=Permission.CREDIT_READ
    )
    top_up_rule: TopUpRule | None = to_one(top_up_rules.of_account, requires=Permission.CREDIT_READ)
    ledger_proof: LedgerProof | None = to_one(ledger_proof.proof_of, requires=Permission.CREDIT_READ)
    subscription: Subscription | None = to_one(plan_reads.subscription_of, requires=Permission.PLAN_READ)
    next_own_plan: Plan | None = to_one(plan_reads.waiting_plan_of, requires=Permission.PLAN_READ)
    send_budget: SendBudget | None = to_one(budget_reads.sends_of, requires=Permission.PLAN_READ)
    credit_budget: CreditBudget | None = to_one(budget_reads.credit_of, requires=Permission.CREDIT_READ)
    usage: Usage | None = to_one(usage_reads.of_account, requires=Permission.STATISTICS_READ)
    usage_history: Connection[Usage] | None = connection(
        usage_reads.history_of, order=usage_reads.NEWEST_FIRST, requires=Permission.STATISTICS_READ
    )
    plans: Connection[Plan] | None = connection(
        plan_reads.on_offer, order=plan_reads.BY_PRICE, requires=Permission.PLAN_READ
    )
    billing_mode: BillingMode | None = computed(
        billing.mode_of, codec=enum_of(BillingMode), requires=Permission.INVOICES_READ
    )
    invoiced_account: "Account | None" = to_one(
        billing.invoiced_account_of, requires=Permission.INVOICES_READ
    )
    billing_details: BillingDetails | None = to_one(billing.details_of, requires=Permission.INVOICES_READ)
    invoices: Connection[Invoice] | None = connection(
        invoices.of_account, order=invoices.BY_ID, requires=Permission.INVOICES_READ
    )
    costs: Connection[AccountCost] | None = connection(
        costs.of_account, order=costs.BY_ID, requires=Permission.INVOICES_READ
    )
    viewer_permissions: list[Permission] = computed(reads.permissions_of, codec=mask_of(Permission))
    viewer_can: bool = computed(reads.can)
