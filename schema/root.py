"""The whole schema, put together, and the check that nothing in it is without a rule."""

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from engine.base.marks import Anonymous, Public, Requires, RequiresAny, StaffOnly
from schema import enums, money_enums
from schema.accounts.create_subaccount import SubaccountMutation
from schema.accounts.mutations import AccountMutation
from schema.accounts.types import Account
from schema.api_keys.mutations import ApiKeyMutation
from schema.api_keys.types import ApiKey
from schema.api_keys.update_mutations import ApiKeyUpdateMutation
from schema.audit.types import Event
from schema.billing.invoices import Invoice, InvoiceQuery
from schema.billing.mutations import BillingMutation
from schema.budgets.mutations import BudgetMutation
from schema.credit.mutations import CreditMutation
from schema.credit.types import LedgerTransaction
from schema.explain.queries import ExplanationQuery
from schema.fields.amounts import SCALAR, MicroAmount
from schema.fields.directives import directives_of
from schema.fields.needs import describe_needs
from schema.fields.user_errors import (
    AccountNotSettledError,
    BlockedError,
    BusyError,
    InsufficientCreditError,
    PermissionDeniedError,
    RateLimitedError,
    RefusedError,
    RoleTooWideError,
    VersionConflictError,
)
from schema.invitations.mutations import InvitationMutation, InvitationQuery
from schema.invitations.types import Invitation
from schema.members.mutations import MemberMutation
from schema.members.ownership_mutations import OwnershipMutation
from schema.members.types import Member
from schema.parent_access.break_glass_mutations import BreakGlassMutation
from schema.parent_access.mutations import ParentAccessMutation
from schema.parent_access.openings import BreakGlassOpening
from schema.payments.mutations import PaymentMutation
from schema.payments.top_up_rule_mutations import TopUpRuleMutation
from schema.payments.types import PaymentMethod, TopUp
from schema.people.mailbox import MailboxMutation
from schema.people.mutations import SessionMutation
from schema.people.types import User
from schema.plans.types import Plan
from schema.query import NodeQuery
from schema.roles.mutations import RoleMutation
from schema.roles.types import Role
from schema.sending.mutations import SendMutation
from schema.sending.preview import SendPreviewQuery
from schema.sending.recipient_lists import RecipientList
from schema.sending.types import SendReservation
from schema.shares.mutations import ShareMutation, ShareQuery
from schema.shares.types import Share
from schema.staff.mutations import OverrideMutation
from schema.staff.overrides import Override
from schema.staff.request_mutations import SubaccountsRequestMutation
from schema.staff.subaccounts_requests import SubaccountsRequest
from schema.staff.types import StaffQuery
from schema.subscriptions.mutations import PlanMutation

__all__ = ["build_schema", "enums", "money_enums", "unmarked_fields"]

_QUERIES = (
    NodeQuery,
    InvitationQuery,
    ShareQuery,
    StaffQuery,
    ExplanationQuery,
    SendPreviewQuery,
    InvoiceQuery,
)
_MUTATIONS = (
    SessionMutation,
    MailboxMutation,
    SubaccountMutation,
    AccountMutation,
    InvitationMutation,
    MemberMutation,
    OwnershipMutation,
    ShareMutation,
    ApiKeyMutation,
    ApiKeyUpdateMutation,
    RoleMutation,
    ParentAccessMutation,
    BreakGlassMutation,
    SubaccountsRequestMutation,
    OverrideMutation,
    CreditMutation,
    PaymentMutation,
    TopUpRuleMutation,
    PlanMutation,
    SendMutation,
    BudgetMutation,
    BillingMutation,
)
_MORE_TYPES = (
    Account,
    ApiKey,
    BreakGlassOpening,
    Event,
    Invitation,
    Invoice,
    LedgerTransaction,
    Member,
    PaymentMethod,
    Plan,
    Role,
    SendReservation,
    RecipientList,
    Share,
    TopUp,
    User,
    Override,
    SubaccountsRequest,
    RefusedError,
    PermissionDeniedError,
    RoleTooWideError,
    VersionConflictError,
    AccountNotSettledError,
    InsufficientCreditError,
    BlockedError,
    BusyError,
    RateLimitedError,
)
_MARKS = (Anonymous, Public, Requires, RequiresAny, StaffOnly)
_CONFIG = StrawberryConfig(scalar_map={MicroAmount: SCALAR})


class UnmarkedFieldsError(Exception):
    """Fields of the schema have neither a permission nor the mark of being public."""


def build_schema() -> strawberry.Schema:
    """The schema. Raises UnmarkedFieldsError where a field has no rule: what is not allowed is denied."""
    query = merge_types("Query", _QUERIES)
    query.__strawberry_definition__.description = "Reads."  # type: ignore[attr-defined]
    mutation = merge_types("Mutation", _MUTATIONS)
    mutation.__strawberry_definition__.description = "Changes. Each is one transaction."  # type: ignore[attr-defined]
    schema = strawberry.Schema(query, mutation, types=_MORE_TYPES, config=_CONFIG)
    unmarked = unmarked_fields(schema)
    if unmarked:
        raise UnmarkedFieldsError(f"Without a mark of who may see them: {', '.join(unmarked)}")
    describe_needs(graphql_schema(schema))
    _tell_one_of(graphql_schema(schema))
    return schema


def _tell_one_of(schema: GraphQLSchema) -> None:
    """Let `isOneOf` be null for lists and for what is never null: Strawberry's resolver fails for each."""
    introspection_type = schema.type_map["__Type"]
    if not isinstance(introspection_type, GraphQLObjectType):
        raise TypeError(introspection_type)
    field = introspection_type.fields["isOneOf"]
    resolve = field.resolve

    def told(type_: object, info: GraphQLResolveInfo[object]) -> object:
        return resolve(type_, info) if resolve and isinstance(type_, GraphQLNamedType) else None

    field.resolve = told


def graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The same for graphql-core."""
    return schema._schema


def unmarked_fields(schema: strawberry.Schema) -> list[str]:
    """The fields without a rule of their own or of their type, as `Type.field`."""
    types = graphql_schema(schema).type_map.values()
    objects = [t for t in types if isinstance(t, GraphQLObjectType) and not t.name.startswith("__")]
    return [
        f"{type_.name}.{name}"
        for type_ in objects
        if not _marked(type_)
        for name, field in type_.fields.items()
        if not _marked(field)
    ]


def _marked(element: object) -> bool:
    return any(isinstance(directive, _MARKS) for directive in directives_of(element))
