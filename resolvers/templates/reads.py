"""An account's templates. They are far, as contacts are (see `resolvers.contacts.reads`).

A list shows no texts and no HTML: a page of them might be hundreds of megabytes.
`resolvers.templates.content` reads those of one version.
"""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select

from authz.policy.permissions import Permission
from engine.base.client_values import text
from engine.declare.arguments import Described, Folded
from engine.declare.far import ITEM
from engine.declare.paging import Order
from engine.text.forms import search_key
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.contacts.reads import global_id, place_of
from resolvers.inputs.global_ids import IdText, in_account_of_kind

BY_NAME = Order("templates", (templates.c.sort_key, templates.c.id))
NEWEST_FIRST = Order("template_versions", (template_versions.c.number,), descending=True)

NamePrefix = Annotated[
    ColumnElement[str] | None,
    Folded(search_key),
    Described("Only templates whose name begins with this text, without regard to case and accents."),
]
Channel = Annotated[TemplateChannel | None, Described("Only templates for this channel.")]


def of_account(account: FromClause, channel: Channel = None, name_prefix: NamePrefix = None) -> Select[Any]:
    """The account's own templates, by name. Templates of accounts above are not among them."""
    found = templates.alias()
    statement = select(*found.c).where(in_tree(found, account, account_id="id"), found.c.deleted_at.is_(None))
    if channel is not None:
        statement = statement.where(found.c.channel == text(channel.value))
    if name_prefix is not None:
        statement = statement.where(func.starts_with(found.c.search_key, name_prefix))
    return statement


def account_by_id(root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.TEMPLATE)]) -> Select[Any]:
    """The account that the template's id names, where the viewer may see templates."""
    return place_of(id, Permission.TEMPLATES_READ)


def by_place(place: FromClause) -> Select[Any]:
    """The template that the place names."""
    found = templates.alias()
    this = in_tree(found, place, account_id="id", id=ITEM)
    return select(*found.c).where(this, found.c.deleted_at.is_(None))


def id_of(found: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another template."""
    return global_id(Kind.TEMPLATE, found.c.account_id, found.c.id)


def versions_of(found: FromClause) -> Select[Any]:
    """All versions of the template, the newest first."""
    version = template_versions.alias()
    return select(*version.c).where(in_tree(version, found, account_id="account_id", template_id="id"))
