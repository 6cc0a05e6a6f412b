"""Everything that an account keeps of a person, by an address: what the person may ask for (T23)."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    LargeBinary,
    Table,
    Text,
    Uuid,
    any_,
    case,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.database.snapshot import Reader
from engine.declare.far import tree_value
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.block_list.tables import block_entries
from models.contacts.tables import contact_list_members, contact_lists, contacts
from models.messages.tables import messages
from models.sending.tables import SendStream
from models.suppressions.tables import bounces, unsubscribes
from resolvers.block_list.reads import SeenPath
from resolvers.contacts.attribute_reads import shown_values
from resolvers.contacts.reads import global_id
from resolvers.inputs.addresses import Address

_READ_PERMISSIONS = {
    SendStream.MARKETING: Permission.CAMPAIGNS_READ,
    SendStream.TRANSACTIONAL: Permission.TRANSACTIONAL_READ,
}
_MOST_MESSAGES = 1_000

_Parts = Sequence[tuple[str, ColumnElement[Any]]]
_Shown = Callable[[FromClause], _Parts]


async def personal_data(reader: Reader, path: SeenPath, address: Address) -> dict[str, Any]:
    """A JSON object: `contact` or null, and lists about the address and both addresses of that contact. These
    are `unsubscribes` and `bounces`, `messages` of the streams that the viewer may read, and `blocked` for
    viewers of the block list. One statement of the data plane.

    Raises BAD_USER_INPUT for the hash of an address: a contact is found by the address itself.
    """
    if address.canonical is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Give the address itself, not its hash.", "address")
    person = _person(path, address.canonical)
    known = _known_addresses(path, address)
    parts: dict[str, ColumnElement[Any]] = {
        "contact": select(_object(*_contact(person))).select_from(person).scalar_subquery(),
        "unsubscribes": _all_of(path, unsubscribes, known, _unsubscribe),
        "bounces": _all_of(path, bounces, known, _bounces),
    }
    streams = [stream for stream, needed in _READ_PERMISSIONS.items() if path.may(needed)]
    if streams:
        parts["messages"] = _messages(path, known, streams)
    if path.may(Permission.BLOCK_LIST_READ):
        parts["blocked"] = _all_of(path, block_entries, known, _block)
    statement = select(*[part.label(name) for name, part in parts.items()])
    (found,) = await reader.far_rows(path.master_id, statement, {})
    return {name: found[name] for name in parts}


def _person(path: SeenPath, canonical: str) -> FromClause:
    """The contact with the address, which no other contact of the account has."""
    contact, wanted = contacts.alias(), literal(canonical, Text)
    has_it = or_(contact.c.email_canonical == wanted, contact.c.phone_canonical == wanted)
    return select(*contact.c).where(*_in_account(path, contact), has_it).limit(1).subquery("person")


def _known_addresses(path: SeenPath, address: Address) -> FromClause:
    """The address that is asked about, and those of its contact: rows (digest, address)."""
    asked = literal(address.digest, LargeBinary), literal(address.canonical, Text)
    person = _person(path, str(address.canonical))
    email, phone = (
        select(person.c[f"{name}_digest"], person.c[f"{name}_canonical"]) for name in ("email", "phone")
    )
    each = union(select(asked[0].label("digest"), asked[1].label("address")), email, phone)
    return each.cte("known_addresses")


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


def _messages(path: SeenPath, known: FromClause, streams: Sequence[SendStream]) -> ColumnElement[Any]:
    """The newest messages to the known addresses."""
    sent = messages.alias()
    of_streams = sent.c.stream == any_(literal([stream.value for stream in streams], ARRAY(Text)))
    newest = (
        select(sent, known.c.address)
        .select_from(sent.join(known, sent.c.recipient_canonical == known.c.address))
        .where(*_in_account(path, sent), of_streams)
        .order_by(sent.c.id.desc())
        .limit(_MOST_MESSAGES)
        .subquery("newest")
    )
    each = _object(
        ("address", newest.c.address),
        ("stream", newest.c.stream),
        ("sender", newest.c.sender),
        ("status", newest.c.status),
        ("createdAt", newest.c.created_at),
        ("settledAt", newest.c.settled_at),
    )
    listed = func.jsonb_agg(aggregate_order_by(each, newest.c.id.desc()), type_=JSONB)
    return select(func.coalesce(listed, literal([], JSONB))).select_from(newest).scalar_subquery()


def _object(*parts: tuple[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    return func.jsonb_build_object(*[value for pair in parts for value in pair], type_=JSONB())


def _all_of(path: SeenPath, table: Table, known: FromClause, shown: _Shown) -> ColumnElement[Any]:
    """What the table has of the known addresses, with the address of each."""
    row = table.alias()
    each = _object(("address", known.c.address), *shown(row))
    listed = func.jsonb_agg(aggregate_order_by(each, row.c.id), type_=JSONB)
    found = select(func.coalesce(listed, literal([], JSONB))).select_from(row)
    its = row.c.digest == known.c.digest
    return found.join(known, its).where(*_in_account(path, row)).scalar_subquery()


def _in_account(path: SeenPath, row: FromClause) -> Sequence[ColumnElement[bool]]:
    return row.c.master_id == tree_value(), row.c.account_id == literal(path.account_id, Uuid)
