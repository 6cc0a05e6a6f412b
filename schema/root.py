"""The whole schema, put together, and the check that nothing in it is without a rule."""

import strawberry
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from engine import reference
from engine.rules import Anonymous, Public, Requires, RequiresAny, StaffOnly
from schema import enums, money_enums
from schema.account_changes import AccountMutation
from schema.accounts import Account
from schema.amounts import SCALAR, MicroAmount
from schema.api_key_changes import ApiKeyMutation
from schema.api_key_updates import ApiKeyUpdateMutation
from schema.api_keys import ApiKey
from schema.billing_changes import BillingMutation
from schema.break_glass import BreakGlassOpening
from schema.break_glass_changes import BreakGlassMutation
from schema.budget_changes import BudgetMutation
from schema.credit import LedgerTransaction
from schema.credit_changes import CreditMutation
from schema.directives import directives_of
from schema.events import Event
from schema.explanation import ExplanationQuery
from schema.invitation_changes import InvitationMutation, InvitationQuery
from schema.invitations import Invitation
from schema.invoices import Invoice, InvoiceQuery
from schema.mailbox import MailboxMutation
from schema.member_changes import MemberMutation
from schema.members import Member
from schema.needs import describe_needs
from schema.override_changes import OverrideMutation
from schema.overrides import Override
from schema.ownership_changes import OwnershipMutation
from schema.parent_access_changes import ParentAccessMutation
from schema.payment_changes import PaymentMutation
from schema.payments import PaymentMethod, TopUp
from schema.plan_changes import PlanMutation
from schema.plans import Plan
from schema.query import NodeQuery
from schema.recipient_lists import RecipientList
from schema.role_changes import RoleMutation
from schema.roles import Role
from schema.send_changes import SendMutation
from schema.send_preview import SendPreviewQuery
from schema.sends import SendReservation
from schema.sessions import SessionMutation
from schema.share_changes import ShareMutation, ShareQuery
from schema.shares import Share
from schema.staff import StaffQuery
from schema.subaccounts import SubaccountMutation
from schema.subaccounts_request_changes import SubaccountsRequestMutation
from schema.subaccounts_requests import SubaccountsRequest
from schema.top_up_rule_changes import TopUpRuleMutation
from schema.user_errors import (
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
from schema.users import User

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
    reference.install()
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
