"""Uploaded files, and those of messages, as their viewers see them. They are far, as messages are."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, func, or_, select

from authz.policy.permissions import allows
from authz.reach.reach import readable_account
from engine.declare.far import ITEM
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.messages.attachments import attachments, message_attachments
from resolvers.contacts.reads import global_id
from resolvers.inputs.global_ids import IdText, in_account_of_kind, part_of
from resolvers.sending.permissions import SEND_PERMISSIONS


def place_by_id(root: FromClause, id: Annotated[IdText, in_account_of_kind(Kind.ATTACHMENT)]) -> Select[Any]:
    """The account that the file's id names, where the viewer may send on any stream."""
    account, statement = readable_account()
    mask = statement.selected_columns.mask
    may_send = or_(*[allows(mask, permission) for permission in SEND_PERMISSIONS.values()])
    named = statement.where(account.c.id == part_of(id, 1), may_send)
    return named.with_only_columns(account.c.master_id, account.c.id, part_of(id, 2).label(ITEM))


def by_place(place: FromClause) -> Select[Any]:
    """The file that the place names, until it expires."""
    file = attachments.alias()
    named = in_tree(file, place, account_id="id", id=ITEM)
    return select(*[column for column in file.c if column.name != "content"]).where(
        named, file.c.expires_at > func.now()
    )


def id_of(file: FromClause) -> ColumnElement[str]:
    """The global id. It is unique, and never goes to another file."""
    return global_id(Kind.ATTACHMENT, file.c.account_id, file.c.id)


def of_message(message: FromClause) -> Select[Any]:
    """The files that it brings, in its order. What is in them is deleted once it was sent."""
    file = message_attachments.alias()
    this = in_tree(file, message, account_id="account_id", id="id")
    return select(*file.c).where(this)
