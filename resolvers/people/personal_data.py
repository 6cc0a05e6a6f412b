"""Everything that the platform keeps of the caller as a person: what it may take with it (T23)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from models.accounts.tables import accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.members.tables import memberships
from models.people.devices import devices
from models.people.sessions import sessions
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares

_MOST = 1_000
"""Of each kind, the newest."""

_NONE = literal_column("'[]'::jsonb", JSONB)


def personal_data(viewer: FromClause) -> ColumnElement[Any]:
    """Everything that the platform keeps of you as a person, as a JSON object: `person`, and the lists
    `sessions`, `devices`, `memberships` and `shares`, each with the newest 1,000. Null for an API key. What
    you changed stands in the logs of the accounts where you did it."""
    found = _object(
        ("person", _person(viewer)),
        ("sessions", _all(_sessions(viewer))),
        ("devices", _all(_devices(viewer))),
        ("memberships", _all(_memberships(viewer))),
        ("shares", _all(_shares(viewer))),
    )
    return case((viewer.c.user_id.is_not(None), found))


def _person(viewer: FromClause) -> ColumnElement[Any]:
    person = users.alias()
    parts = _object(
        ("id", _id(Kind.USER, person.c.id)),
        ("name", person.c.name),
        ("email", person.c.email),
        ("emailVerifiedAt", person.c.email_verified_at),
        ("language", person.c.language),
        ("timeZone", person.c.time_zone),
        ("createdAt", person.c.created_at),
    )
    return select(parts).where(person.c.id == viewer.c.user_id).correlate(viewer).scalar_subquery()


def _sessions(viewer: FromClause) -> Select[Any]:
    session = sessions.alias()
    return _each(viewer, session, ("createdAt", session.c.created_at), ("expiresAt", session.c.expires_at))


def _devices(viewer: FromClause) -> Select[Any]:
    device = devices.alias()
    return _each(viewer, device, ("createdAt", device.c.created_at), ("expiresAt", device.c.expires_at))


def _memberships(viewer: FromClause) -> Select[Any]:
    member, account, role = memberships.alias(), accounts.alias(), roles.alias()
    named = (
        ("account", _account(account)),
        ("role", role.c.name),
        ("joinedAt", member.c.joined_at),
        ("expiresAt", member.c.expires_at),
    )
    return (
        _each(viewer, member, *named)
        .join(account, in_tree(account, member, id="account_id"))
        .join(role, role.c.id == member.c.role_id)
    )


def _shares(viewer: FromClause) -> Select[Any]:
    share, opened, account = shares.alias(), share_accounts.alias(), accounts.alias()
    named = (
        select(func.jsonb_agg(aggregate_order_by(_account(account), account.c.id), type_=JSONB))
        .select_from(opened.join(account, in_tree(account, opened, id="account_id")))
        .where(in_tree(opened, share, share_id="id"))
        .correlate(share)
        .scalar_subquery()
    )
    return _each(
        viewer,
        share,
        ("accounts", named),
        ("acceptedAt", share.c.accepted_at),
        ("expiresAt", share.c.expires_at),
        ("revokedAt", share.c.revoked_at),
    )


def _each(viewer: FromClause, row: FromClause, *parts: tuple[str, ColumnElement[Any]]) -> Select[Any]:
    """The viewer's rows of the table, newest first: (id, value)."""
    own = select(row.c.id, _object(*parts).label("value")).where(row.c.user_id == viewer.c.user_id)
    return own.select_from(row).order_by(row.c.id.desc()).limit(_MOST).correlate(viewer)


def _all(each: Select[Any]) -> ColumnElement[Any]:
    found = each.subquery()
    listed = func.jsonb_agg(aggregate_order_by(found.c.value, found.c.id.desc()), type_=JSONB)
    return select(func.coalesce(listed, _NONE)).select_from(found).scalar_subquery()


def _account(account: FromClause) -> ColumnElement[Any]:
    return _object(("id", _id(Kind.ACCOUNT, account.c.id)), ("name", account.c.name))


def _id(kind: Kind, id_: ColumnElement[Any]) -> ColumnElement[str]:
    return func.concat(f"{kind}_", id_)


def _object(*parts: tuple[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    return func.jsonb_build_object(*[value for pair in parts for value in pair], type_=JSONB())
