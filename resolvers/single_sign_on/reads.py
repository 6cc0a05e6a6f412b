"""The settings of single sign-on, as viewers of a master account's settings see them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select

from authz.policy.permissions import Permission
from authz.reach.reach import account_where
from models.accounts.trees import in_tree
from models.base.ids import Kind
from models.roles.tables import roles
from models.single_sign_on.tables import (
    single_sign_on_exceptions,
    single_sign_on_roles,
    single_sign_ons,
)
from resolvers.effects.public_url import PUBLIC_URL
from resolvers.members.reads import OWN_MEMBERS
from resolvers.rows.shown import role_behind, rows_of


def of_account(account: FromClause) -> Select[Any]:
    """How people sign in with the company's own service; null if that is not set up. Only master accounts
    have it."""
    return rows_of(single_sign_ons, account, account_id="id")


def has_secret(settings: FromClause) -> ColumnElement[bool]:
    """Whether a client secret is stored. It is never shown."""
    return settings.c.client_secret.is_not(None)


def roles_of(settings: FromClause) -> Select[Any]:
    """The roles that values of the claim give, in order: of several that fit, the first one counts."""
    mapped = single_sign_on_roles.alias()
    statement = select(*mapped.c).where(in_tree(mapped, settings, account_id="account_id"))
    return statement.order_by(mapped.c.position)


def role_of(mapped: FromClause) -> Select[Any]:
    """The role that the value gives."""
    return role_behind(mapped)


def default_role_of(settings: FromClause) -> Select[Any]:
    """The role of a new member to whom no value of the claim gives another; null: there is none, and whoever
    has no role yet is not let in."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == settings.c.default_role_id)


def exceptions_of(settings: FromClause) -> Select[Any]:
    """Owners who may sign in with a password where single sign-on is required. If none of them is an owner
    any more, every owner may. Empty for whoever may not see the account's members."""
    member, exception = OWN_MEMBERS.alias(), single_sign_on_exceptions.alias()
    own = in_tree(exception, settings, account_id="account_id")
    return (
        select(*member.c)
        .join(exception, in_tree(exception, member, account_id="account_id", user_id="user_id"))
        .where(own, account_where(settings, Permission.MEMBERS_READ))
        .order_by(member.c.id)
    )


def sign_in_url(settings: FromClause) -> ColumnElement[str]:
    """Where people of the company begin to sign in, such as a tile of the issuer's portal: it leads to the
    page of sign-in, which begins there with its `challenge`. `/sso/start?email=` does so, too."""
    return func.concat(PUBLIC_URL, f"/sso/start?account={Kind.ACCOUNT}_", settings.c.account_id)


def redirect_url(settings: FromClause) -> ColumnElement[str]:
    """The redirect address to enter at the issuer."""
    return func.concat(PUBLIC_URL, "/sso/callback")


def logout_url(settings: FromClause) -> ColumnElement[str]:
    """The address for back-channel logout to enter at the issuer, if it has that."""
    return func.concat(PUBLIC_URL, f"/sso/logout/{Kind.ACCOUNT}_", settings.c.account_id)
