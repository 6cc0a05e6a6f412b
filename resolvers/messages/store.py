"""Rows of messages, written many at a time. The caller is in the data plane."""

import datetime
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.text.forms import compared
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import NAMED, Place, columns_of, in_account, in_tree
from models.base.ids import MessageId, TemplateId, new_ids
from models.contacts.tables import contacts
from models.messages.tables import MessageStatus, message_bodies, messages
from models.sending.tables import SendStream
from models.templates.tables import TemplateChannel, template_versions, templates
from resolvers.messages.given import Body, ReadMessage
from resolvers.messages.senders import Senders
from resolvers.messages.sms import channel_of
from resolvers.messages.templates import NewestVersion

TRIED_FOR = datetime.timedelta(hours=24)
"""So long after its time a message can be handed over."""


@dataclass(frozen=True)
class NewMessages:
    """Messages of one request that have passed the gate. `versions`: of the templates they are made from.
    `contacts`: whose addresses they go to, by digest."""

    stream: SendStream
    label: str | None
    api_key_id: uuid.UUID | None
    is_test: bool
    senders: Senders
    versions: Mapping[TemplateId, NewestVersion]
    contacts: Mapping[bytes, uuid.UUID]
    now: datetime.datetime
    messages: Mapping[MessageId, ReadMessage]


async def read_versions(
    session: WriteSession, account: Place, ids: Collection[TemplateId]
) -> Mapping[TemplateId, NewestVersion]:
    """The newest version of each of these templates of the account."""
    if not ids:
        return {}
    found, version = templates.alias(), template_versions.alias()
    newest = in_tree(version, found, account_id="account_id", template_id="id", number="version")
    # The text of an e-mail may be long, and nobody needs it here.
    is_sms = found.c.channel == TemplateChannel.SMS.value
    sms_text = case((is_sms, version.c.text)).label("sms_text")
    statement = (
        select(found.c.id, version.c.id.label("version_id"), found.c.channel, sms_text)
        .select_from(found.join(version, newest))
        .where(
            in_account(found, account),
            in_account(version, account),
            found.c.id == any_(literal(list(ids), ARRAY(Uuid))),
            found.c.deleted_at.is_(None),
        )
    )
    return {
        TemplateId(row.id): NewestVersion(row.version_id, TemplateChannel(row.channel), row.sms_text)
        for row in await session.execute(statement)
    }


async def read_contacts(
    session: WriteSession, account: Place, digests: Collection[bytes]
) -> Mapping[bytes, uuid.UUID]:
    """The contacts that have these addresses."""
    rows = await _CONTACTS.rows(session, {"digests": list(digests)} | columns_of(account))
    return {bytes(row["digest"]): row["id"] for row in rows}


def _contacts() -> FixedStatement:
    contact, given = contacts.c, bindparam("digests", type_=ARRAY(LargeBinary))
    found = [
        select(digest.label("digest"), contact.id).where(
            in_account(contacts, NAMED), digest.is_not(None), digest == any_(given)
        )
        for digest in (contact.email_digest, contact.phone_digest)
    ]
    return FixedStatement(union_all(*found))


_CONTACTS = _contacts()


async def insert_messages(session: WriteSession, account: Place, new: NewMessages) -> None:
    """Write them, each body once."""
    given = dict.fromkeys(each.body for each in new.messages.values() if each.body is not None)
    bodies = dict(zip(given, new_ids(len(given)), strict=True))
    await _insert_bodies(session, account, bodies)
    rows = [_row(new, bodies, id_, message) for id_, message in new.messages.items()]
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in _TYPES}
    values |= columns_of(account)
    values |= {"stream": new.stream.value, "label": new.label, "sender_name": new.senders.name}
    values |= {"api_key_id": new.api_key_id, "is_test": new.is_test}
    values["compared_label"] = None if new.label is None else compared(new.label)
    await _INSERT.send(session, values)


async def _insert_bodies(session: WriteSession, account: Place, bodies: Mapping[Body, uuid.UUID]) -> None:
    if bodies:
        values: dict[str, Any] = {
            "id": list(bodies.values()),
            "subject": [body.subject for body in bodies],
            "text": [body.text for body in bodies],
            "html": [body.html for body in bodies],
        }
        await _INSERT_BODIES.send(session, values | columns_of(account))


def _row(
    new: NewMessages, bodies: Mapping[Body, uuid.UUID], id_: MessageId, message: ReadMessage
) -> Mapping[str, Any]:
    return {
        "id": id_,
        "recipient": message.recipient,
        "recipient_canonical": message.address.canonical,
        "recipient_digest": message.address.digest,
        "contact_id": new.contacts.get(message.address.digest),
        "version_id": None if message.template_id is None else new.versions[message.template_id].id,
        "body_id": None if message.body is None else bodies[message.body],
        "variables": _json(message.variables),
        "channel": channel_of(message.address).value,
        "sender": new.senders.of(message),
        "sends": message.sends,
        "reply_to": message.reply_to,
        "headers": _json(message.headers),
        "due_at": message.send_at or new.now,
        "expires_at": (message.send_at or new.now) + TRIED_FOR,
    }


def _json(value: Mapping[str, object] | None) -> str | None:
    return orjson.dumps(value).decode() if value else None


_TYPES: Mapping[str, Any] = {
    "id": Uuid(),
    "recipient": Text(),
    "recipient_canonical": Text(),
    "recipient_digest": LargeBinary(),
    "contact_id": Uuid(),
    "version_id": Uuid(),
    "body_id": Uuid(),
    "variables": Text(),
    "channel": Text(),
    "sender": Text(),
    "sends": BigInteger(),
    "reply_to": Text(),
    "headers": Text(),
    "due_at": DateTime(timezone=True),
    "expires_at": DateTime(timezone=True),
}
_BODY_TYPES: Mapping[str, Any] = {"id": Uuid(), "subject": Text(), "text": Text(), "html": Text()}
_PLACE = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}


def _unnested(types: Mapping[str, Any]) -> Any:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    return func.unnest(*arrays).table_valued(*types).render_derived("given")


def _inserting(table: Any, types: Mapping[str, Any], shared: Mapping[str, Any]) -> FixedStatement:
    given = _unnested(types).c
    columns = {name: given[name] for name in types}
    columns |= {name: cast(given[name], JSONB) for name in ("variables", "headers") if name in types}
    values: dict[str, Any] = {**_PLACE, **columns, **shared}
    rows = upsert(table).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing())


_INSERT = _inserting(
    messages,
    _TYPES,
    {
        "status": literal_column(f"'{MessageStatus.WAITING.value}'", Text),
        "attempts": literal_column("0", BigInteger),
        "stream": bindparam("stream", type_=Text()),
        "label": bindparam("label", type_=Text()),
        "compared_label": bindparam("compared_label", type_=Text()),
        "sender_name": bindparam("sender_name", type_=Text()),
        "api_key_id": bindparam("api_key_id", type_=Uuid()),
        "is_test": bindparam("is_test", type_=Boolean()),
    },
)
_INSERT_BODIES = _inserting(message_bodies, _BODY_TYPES, {})
