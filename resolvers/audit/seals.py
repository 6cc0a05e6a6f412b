"""How an account checks its own log: the seal of an event, and the head of the chain (see
`models.effects.event_chain`)."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where
from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.effects.event_chain import GENESIS, PARTS, event_chains, event_seals
from models.effects.events import events
from resolvers.audit.access import sees_all
from resolvers.audit.reads import after, before
from resolvers.audit.values import is_shown
from resolvers.rows.shown import account_behind, is_viewer, rows_of


def seal_of(event: FromClause) -> Select[Any]:
    """The event's seal. Null for about a minute, until a worker has made it."""
    seal = event_seals.alias()
    sealed = and_(in_tree(seal, event, event_id="id"), seal.c.account_id == event.c.account_id)
    return select(*seal.c).where(sealed)


def parts_of(seal: FromClause) -> ColumnElement[Any]:
    """What the hash commits to, in its order: a list of objects `{name, digest, value, salt}`. `digest` is
    the SHA-256 of the salt's bytes and, unless the value is null, an equals sign and the value in UTF-8. Of a
    value that you may not see, only the digest is there: `value` and `salt` are left out."""
    event = events.alias("event")
    listed = func.jsonb_build_array(*[_part(seal, event, name) for name in PARTS], type_=JSONB)
    of = and_(in_tree(event, seal, id="event_id"), event.c.account_id == seal.c.account_id)
    return select(listed).select_from(event).where(of).correlate(seal).scalar_subquery()


def _part(seal: FromClause, event: FromClause, name: str) -> ColumnElement[Any]:
    salt = func.sha256(seal.c.salt.op("||")(literal_column(f"'{name}'::bytea")))
    value: ColumnElement[str | None] = literal_column(f"({PARTS[name]})", Text)
    told = func.convert_to(func.coalesce(literal_column("'='").concat(value), ""), "UTF8")
    digest = func.encode(func.sha256(salt.op("||")(told)), "hex")
    part = func.jsonb_build_object("name", name, "digest", digest, type_=JSONB)
    shown = func.jsonb_build_object("value", value, "salt", func.encode(salt, "hex"), type_=JSONB)
    return case((_may_see(event, name), part.op("||", return_type=JSONB())(shown)), else_=part)


def _may_see(event: FromClause, name: str) -> ColumnElement[bool]:
    """Whether the viewer may know the part, as the fields of the event show it."""
    match name:
        case "masterId":
            return account_where(_place(event, "master_id"), Permission.ACCOUNT_READ)
        case "actorUserId":
            return is_viewer(event.c.actor_user_id).is_(true()) | account_where(
                event, Permission.MEMBERS_READ
            )
        case "actorApiKeyId":
            own = event.c.actor_api_key_id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
            return own.is_(true()) | account_where(event, Permission.API_KEYS_READ)
        case "actorAccountId":
            return account_behind(event, "actor_account_id").exists()
        case "staffUserId":
            return event.c.staff_user_id.is_(None)
        case "reason":
            return is_shown(event)
        case "before":
            return _is_whole(event, "before", before(event))
        case "after":
            return _is_whole(event, "after", after(event))
        case "access":
            return sees_all(event)
        case _:
            return true()


def _place(event: FromClause, account_id: str) -> FromClause:
    return select(event.c.master_id, event.c[account_id].label("account_id")).correlate(event).subquery()


def _is_whole(event: FromClause, name: str, shown: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the values are shown as they are stored, with no id that is replaced by null."""
    return and_(is_shown(event), or_(event.c[name].is_(None), shown == event.c[name]))


def proof_of(account: FromClause) -> Select[Any]:
    """Proof of the account's log: the head of the chain of its events. Keep it: whoever changes or removes an
    event later cannot make a chain that leads to it."""
    return rows_of(accounts, account, id="id")


def event_count_of(account: FromClause) -> ColumnElement[int]:
    """The number of sealed events. They are numbered from 1 without gaps."""
    return func.coalesce(_of_chain(account, event_chains.c.event_count), cast(literal(0), BigInteger))


def head_of(account: FromClause) -> ColumnElement[bytes]:
    """The hash of the last seal, in hexadecimal; zeros before the first."""
    return func.coalesce(_of_chain(account, event_chains.c.head), GENESIS)


def _of_chain(account: FromClause, found: ColumnElement[Any]) -> ColumnElement[Any]:
    of = in_tree(event_chains, account, account_id="id")
    return select(found).where(of).correlate(account).scalar_subquery()
