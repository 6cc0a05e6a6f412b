"""Everything that an account keeps of a person, by an address: what the person may ask for (T23)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from authz.policy.refusals import Refusal, RefusalCode
from engine.database.snapshot import Reader
from engine.declare.far import tree_value
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.block_list.tables import block_entries
from models.contacts.tables import contact_list_members, contact_lists, contacts
from models.suppressions.tables import bounces, unsubscribes
from resolvers.block_list.reads import SeenPath
from resolvers.contacts.attribute_reads import shown_values
from resolvers.contacts.reads import global_id
from resolvers.inputs.addresses import Address

_Parts = Sequence[tuple[str, ColumnElement[Any]]]
_Shown = Callable[[FromClause], _Parts]
_Condition = Callable[[FromClause], ColumnElement[bool]]


async def personal_data(
    reader: Reader, path: SeenPath, address: Address, *, with_blocks: bool
) -> dict[str, Any]:
    """A JSON object: `contact` or null, `unsubscribes`, `bounces` or null, and with `with_blocks` `blocked`
    or null. One statement of the data plane. Raises BAD_USER_INPUT for the hash of an address: a contact is
    found by the address itself."""
    if address.canonical is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give the address itself, not its hash.", "address")
    canonical, digest = literal(address.canonical, Text), literal(address.digest, LargeBinary)

    def is_person(contact: FromClause) -> ColumnElement[bool]:
        return or_(contact.c.email_canonical == canonical, contact.c.phone_canonical == canonical)

    def is_its(row: FromClause) -> ColumnElement[bool]:
        return row.c.digest == digest

    all_unsubscribes = _of_account(path, unsubscribes, _unsubscribe, is_its).subquery()
    gathered = select(func.jsonb_agg(all_unsubscribes.c.shown)).scalar_subquery()
    parts: dict[str, ColumnElement[Any]] = {
        "contact": _of_account(path, contacts, _contact, is_person).limit(1).scalar_subquery(),
        "unsubscribes": func.coalesce(gathered, literal([], JSONB)),
        "bounces": _of_account(path, bounces, _bounces, is_its).limit(1).scalar_subquery(),
    }
    if with_blocks:
        parts["blocked"] = _of_account(path, block_entries, _block, is_its).limit(1).scalar_subquery()
    statement = select(*[part.label(name) for name, part in parts.items()])
    (found,) = await reader.far_rows(path.master_id, statement, {})
    return {name: found[name] for name in parts}


def _contact(contact: FromClause) -> _Parts:
    member, list_ = contact_list_members.alias(), contact_lists.alias()
    of_contact = in_tree(member, contact, account_id="account_id", contact_id="id")
    of_member = in_tree(list_, member, account_id="account_id", id="contact_list_id")
    place = _object(("name", list_.c.name), ("source", member.c.source), ("addedAt", member.c.added_at))
    lists = (
        select(func.coalesce(func.jsonb_agg(place), literal([], JSONB)))
        .select_from(member.join(list_, of_member))
        .where(of_contact, list_.c.deleted_at.is_(None))
        .correlate(contact)
        .scalar_subquery()
    )
    return (
        ("id", global_id(Kind.CONTACT, contact.c.account_id, contact.c.id)),
        ("externalId", contact.c.external_id),
        ("email", contact.c.email),
        ("phone", contact.c.phone),
        ("attributes", shown_values(contact)),
        ("lists", lists),
        ("source", contact.c.source),
        ("createdAt", contact.c.created_at),
    )


def _unsubscribe(row: FromClause) -> _Parts:
    return (
        ("contactListId", _list_id(row)),
        ("unsubscribedAt", row.c.unsubscribed_at),
        ("resubscribedAt", row.c.resubscribed_at),
        ("evidence", row.c.evidence),
    )


def _list_id(row: FromClause) -> ColumnElement[Any]:
    """Null for an unsubscribe from the whole account."""
    whole_id = global_id(Kind.CONTACT_LIST, row.c.account_id, row.c.contact_list_id)
    return case((row.c.contact_list_id.is_not(None), whole_id))


def _bounces(row: FromClause) -> _Parts:
    return (
        ("softAt", func.to_jsonb(row.c.soft_at)),
        ("excludedAt", row.c.excluded_at),
        ("excludedBy", row.c.excluded_by),
    )


def _block(row: FromClause) -> _Parts:
    return ("reason", row.c.reason), ("source", row.c.source), ("createdAt", row.c.created_at)


def _object(*parts: tuple[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    return func.jsonb_build_object(*[value for pair in parts for value in pair], type_=JSONB())


def _of_account(path: SeenPath, table: Table, shown: _Shown, is_meant: _Condition) -> Select[Any]:
    row = table.alias()
    return select(_object(*shown(row)).label("shown")).where(
        row.c.master_id == tree_value(),
        row.c.account_id == literal(path.account_id, Uuid),
        is_meant(row),
    )
