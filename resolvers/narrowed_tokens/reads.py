"""Narrowed tokens that work, as those see them who can revoke them."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, any_, exists, or_, select

from authz.callers.narrowed import is_root_key, token_lives
from authz.policy.permissions import Permission
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.base.ids import Kind
from models.narrowed_tokens.tables import narrowed_tokens
from models.people.users import users
from resolvers.inputs.global_ids import Id, of_kind

BY_ID = Order("narrowedTokens", (narrowed_tokens.c.id,))
"""Oldest first."""


def of_viewer(viewer: FromClause) -> Select[Any]:
    """The narrowed tokens that you or others have made of your sessions, of this API key or of this narrowed
    token, and that still work; oldest first."""
    token = narrowed_tokens.alias()
    return select(*token.c).where(_made_by(token, viewer), token_lives(token))


def of_key(key: FromClause) -> Select[Any]:
    """The narrowed tokens that were made with the key and still work, oldest first."""
    token = narrowed_tokens.alias()
    return select(*token.c).where(is_root_key(key, token), token_lives(token))


def by_id(root: FromClause, id: Annotated[Id, of_kind(Kind.NARROWED_TOKEN)]) -> Select[Any]:
    """A narrowed token of the viewer's, or of an API key of an account whose keys the viewer may see."""
    token = narrowed_tokens.alias()
    return select(*token.c).where(token.c.id == id, _may_see(token))


def of_result(result: FromClause) -> Select[Any]:
    """The narrowed token, as it is now; null to a token that has revoked itself."""
    token = narrowed_tokens.alias()
    return select(*token.c).where(token.c.id == result.c.token_id, _may_see(token))


def itself(viewer: FromClause) -> Select[Any]:
    """The narrowed token; null for a person or an API key."""
    token = narrowed_tokens.alias()
    return select(*token.c).where(token.c.id == viewer.c.token_id)


def permissions_of(token: FromClause) -> ColumnElement[int]:
    """The permissions that it has, where what it was made of has them, too."""
    scopes: ColumnElement[int] = token.c.scopes
    return scopes


def accounts_of(token: FromClause) -> Select[Any]:
    """Those of its accounts that are within your reach."""
    account, statement = readable_account()
    return statement.where(account.c.id == any_(token.c.account_ids))


def user_of(token: FromClause) -> Select[Any]:
    """The person of whose session it was made; null if it was made with an API key, or if you are another
    person."""
    person = users.alias()
    own = person.c.id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return select(*person.c).where(person.c.id == token.c.user_id, own)


def key_of(token: FromClause) -> Select[Any]:
    """The API key that it was made with; null if it was made of a session, or if you may not see the key."""
    key = api_keys.alias()
    own = key.c.id == select(PRINCIPAL.c.api_key_id).scalar_subquery()
    known = own | account_where(key, Permission.API_KEYS_READ)
    return select(*key.c).where(is_root_key(key, token), known)


def _may_see(token: FromClause) -> ColumnElement[bool]:
    key = api_keys.alias()
    managed = and_(is_root_key(key, token), account_where(key, Permission.API_KEYS_READ))
    own = exists(select(PRINCIPAL.c.token_id).where(_made_by(token, PRINCIPAL)).correlate(token))
    return or_(
        own,
        token.c.id == select(PRINCIPAL.c.token_id).scalar_subquery(),
        exists(select(key.c.id).where(managed).correlate(token)),
    )


def _made_by(token: FromClause, viewer: FromClause) -> ColumnElement[bool]:
    return or_(
        token.c.user_id == viewer.c.user_id,
        token.c.api_key_id == viewer.c.api_key_id,
        viewer.c.token_id == any_(token.c.ancestor_ids),
    )
