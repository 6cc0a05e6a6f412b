"""Campaigns, as those see them who may see an account's campaigns."""

from typing import Annotated, Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Select, Text, Uuid, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from engine.base.client_values import text
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.accounts.tables import account_closure
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.campaigns.tables import CampaignStatus, campaigns
from resolvers.contacts.reads import global_id
from resolvers.inputs.filters import given_text
from resolvers.inputs.global_ids import Id, of_kind
from resolvers.inputs.labels import compared_label
from resolvers.rows.shown import account_behind, known_person, row_by_id

NEWEST_FIRST = Order("campaigns", (campaigns.c.id,), descending=True)

Status = Annotated[CampaignStatus | None, Described("Only campaigns with this status.")]
Label = Annotated[
    ColumnElement[str] | None,
    given_text(compared_label, "label"),
    Described("Only campaigns with this label. Upper and lower case are the same."),
]
IncludeDescendants = Annotated[
    bool,
    Described(
        "Also list campaigns of accounts further down: of those where you have the permission CAMPAIGNS_READ."
    ),
]


def of_account(
    account: FromClause,
    status: Status = None,
    label: Label = None,
    include_descendants: IncludeDescendants = False,
) -> Select[Any]:
    """The account's campaigns, newest first."""
    found = campaigns.alias()
    statement = select(*found.c)
    if include_descendants:
        path = account_closure.alias()
        below = in_tree(path, found, descendant_id="account_id")
        statement = statement.select_from(found.join(path, below)).where(
            in_tree(path, account, ancestor_id="id"), account_where(found, Permission.CAMPAIGNS_READ)
        )
    else:
        statement = statement.where(in_tree(found, account, account_id="id"))
    if status is not None:
        statement = statement.where(found.c.status == text(status.value))
    if label is not None:
        statement = statement.where(found.c.compared_label == label)
    return statement


def by_id(
    root: FromClause, id: Annotated[Id, of_kind(Kind.CAMPAIGN), Described("The campaign's id.")]
) -> Select[Any]:
    """A campaign of an account whose campaigns you may see. NOT_FOUND if it does not exist or you may not see
    them."""
    return row_by_id(campaigns, id, Permission.CAMPAIGNS_READ)


def of_result(result: FromClause) -> Select[Any]:
    """The campaign, as it is now."""
    return row_by_id(campaigns, result.c.campaign_id, Permission.CAMPAIGNS_READ)


def account_of(campaign: FromClause) -> Select[Any]:
    """The account that sends it."""
    return account_behind(campaign)


def maker_of(campaign: FromClause) -> Select[Any]:
    """The person who made it; null for an API key, and for somebody whom you do not see in the account."""
    return known_person(campaign, "user_id")


def asker_of(campaign: FromClause) -> Select[Any]:
    """The person who had it sent, with the same exceptions."""
    return known_person(campaign, "asked_by_user_id")


def approver_of(campaign: FromClause) -> Select[Any]:
    """The person who approved it, with the same exceptions."""
    return known_person(campaign, "approved_by_user_id")


def template_id_of(campaign: FromClause) -> ColumnElement[str]:
    """The template that it is made from."""
    return global_id(Kind.TEMPLATE, campaign.c.account_id, campaign.c.template_id)


def contact_list_ids_of(campaign: FromClause) -> ColumnElement[Any]:
    """The contact lists that it goes to. None: all contacts that have the attribute."""
    return _lists(campaign, campaign.c.contact_list_ids)


def excluded_list_ids_of(campaign: FromClause) -> ColumnElement[Any]:
    """The contact lists whose contacts get nothing."""
    return _lists(campaign, campaign.c.excluded_list_ids)


def _lists(campaign: FromClause, ids: ColumnElement[Any]) -> ColumnElement[Any]:
    each = func.unnest(ids, type_=Uuid()).table_valued("id", with_ordinality="place").render_derived()
    named = select(global_id(Kind.CONTACT_LIST, campaign.c.account_id, each.c.id)).order_by(each.c.place)
    return func.array(named.correlate(campaign).scalar_subquery(), type_=ARRAY(Text))
