"""A person's own factors, and what the accounts that it is in require."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, LargeBinary, Select, bindparam, exists, func, select

from authz.callers.principals import DIGEST_NAME
from authz.reach.reach import GRANTS, PRINCIPAL
from authz.reach.second_factor import barred_accounts
from engine.declare.paging import Order
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.people.sessions import sessions
from models.people.users import users
from models.second_factor.tables import (
    factor_resets,
    passkeys,
    recovery_codes,
    second_factor_rules,
    totp_secrets,
)
from resolvers.inputs.global_ids import Id, of_kind

BARRED_BY_ID = Order("barred accounts", (accounts.c.id,))
PASSKEYS_BY_ID = Order("passkeys", (passkeys.c.id,))
"""Oldest first."""


def of_viewer(viewer: FromClause) -> Select[Any]:
    """Your second factors, and the accounts that require one of you; null for an API key."""
    person = users.alias()
    return select(person.c.id.label("user_id")).where(person.c.id == viewer.c.user_id)


def is_proved(factor: FromClause) -> ColumnElement[bool]:
    """Whether the session that sends this request has proved a second factor."""
    digest = bindparam(DIGEST_NAME, type_=LargeBinary, required=True)
    return exists(
        select(sessions.c.id).where(sessions.c.digest == digest, sessions.c.second_factor_at.is_not(None))
    )


def has_totp(factor: FromClause) -> ColumnElement[bool]:
    """Whether an authenticator app is set up."""
    secret = totp_secrets.alias()
    own = secret.c.user_id == factor.c.user_id
    return exists(select(secret.c.user_id).where(own, secret.c.confirmed_at.is_not(None)).correlate(factor))


def recovery_codes_left(factor: FromClause) -> ColumnElement[int]:
    """How many recovery codes were not used yet."""
    code = recovery_codes.alias()
    own = code.c.user_id == factor.c.user_id
    return select(func.count()).select_from(code).where(own).correlate(factor).scalar_subquery()


def reset_effective_at(factor: FromClause) -> ColumnElement[Any]:
    """When your second factors will be reset, because an owner consented to it; null if nobody did."""
    reset = factor_resets.alias()
    own = reset.c.user_id == factor.c.user_id
    found = select(reset.c.effective_at).where(own, reset.c.expires_at > func.now())
    return found.correlate(factor).scalar_subquery()


def passkeys_of(factor: FromClause) -> Select[Any]:
    """Your passkeys, oldest first; at most 20."""
    passkey = passkeys.alias()
    return select(*passkey.c).where(passkey.c.user_id == factor.c.user_id)


def barred_id(account: FromClause) -> ColumnElement[Any]:
    """The account's id."""
    return account.c.id


def missing_in(factor: FromClause) -> Select[Any]:
    """The accounts that you would reach if this session had proved a second factor: those that you have a
    role or a share in, and those below them that require one themselves."""
    found = barred_accounts(GRANTS).subquery()
    return select(*found.c)


def passkey_by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.PASSKEY)]) -> Select[Any]:
    """A passkey of the viewer."""
    passkey = passkeys.alias()
    own = PRINCIPAL.c.user_id == passkey.c.user_id
    return select(*passkey.c).join(PRINCIPAL, own).where(passkey.c.id == id)


def passkey_of_result(result: FromClause) -> Select[Any]:
    """The passkey after the change."""
    passkey = passkeys.alias()
    return select(*passkey.c).where(passkey.c.id == result.c.passkey_id)


def is_required(account: FromClause) -> ColumnElement[bool]:
    """Whether the account, or one above it, requires a second factor of the people who come in."""
    path, rule = account_closure.alias(), second_factor_rules.alias()
    return exists(
        select(rule.c.account_id)
        .join(path, in_tree(path, rule, ancestor_id="account_id"))
        .where(in_tree(path, account, descendant_id="id"))
        .correlate(account)
    )


def is_required_by_itself(account: FromClause) -> ColumnElement[bool]:
    """Whether the account itself requires a second factor, for itself and all below it. Changed with
    `secondFactorRequire`."""
    rule = second_factor_rules.alias()
    return exists(select(rule.c.account_id).where(in_tree(rule, account, account_id="id")).correlate(account))
