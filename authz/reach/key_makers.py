"""Whether the maker of an API key could still make it (N18, N19, T6).

A key's *maker* is the person or key that made it, or the person who adopted it since. A key that was made
with STOP works only while its maker could still make it. Where the maker is a key, that key has to work too,
and so on up the chain. Nothing of this is stored: every look-up of such a key asks again (T8), by the stored
function `api_key_stops`. `api_key_stays_stopped` asks the same without the limits that staff have set, since
these end by themselves.
"""

import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Text,
    and_,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
)

from authz.callers.principals import key_lives, key_stops
from authz.policy.permissions import Permission, allows, mask_literal
from authz.reach.ends import end_of
from authz.reach.grants import below_mask, grant_rows, granted_mask, passed_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.api_keys.tables import WhenMakerLosesAccess, api_keys
from models.roles.tables import roles


class GhostReason(enum.Enum):
    """Why the creator of an API key could not create it any more."""

    MAKER_LEFT = "MAKER_LEFT"
    MAKER_LOST_RIGHT = "MAKER_LOST_RIGHT"
    MAKER_ENDED = "MAKER_ENDED"
    MAKER_RIGHT_ENDS = "MAKER_RIGHT_ENDS"
    ROTATOR_LOST_RIGHT = "ROTATOR_LOST_RIGHT"


def ghost_reason(key: FromClause) -> ColumnElement[str]:
    """Why the key is a ghost (a GhostReason), whatever its maker chose. NULL: it is none."""
    maker = _maker(key)
    maker_stopped = case((key_stops(maker.api_key_id), _text(GhostReason.MAKER_ENDED)))
    outlives = case((_loss(key, maker, lasting=True).is_not(None), _text(GhostReason.MAKER_RIGHT_ENDS)))
    rotator = _Holder(key.c.rotator_user_id, key.c.rotator_api_key_id)
    known = case((_loss(key, rotator, lasting=True).is_not(None), _text(GhostReason.ROTATOR_LOST_RIGHT)))
    return func.coalesce(_loss(key, maker), maker_stopped, outlives, known)


def chain_is_broken(
    api_key_id: ColumnElement[uuid.UUID], *, grants: Callable[[FromClause], CompoundSelect[Any]] = grant_rows
) -> ColumnElement[bool]:
    """Whether the key, or one that it depends on, was made with STOP and its maker could not make it now.
    `grants`: what counts as the maker's."""
    links = _chain(api_key_id)
    return exists(select(links.c.id).where(_loss(links, _maker(links), grants=grants).is_not(None)))


def _chain(api_key_id: ColumnElement[uuid.UUID]) -> CTE:
    """The key, its maker if that is a key, that key's maker ... as long as each was made with STOP.

    Only people adopt keys, so a chain ends.
    """
    first, maker = api_keys.alias(), api_keys.alias()
    links = select(*first.c).where(first.c.id == api_key_id, _may_stop(first)).cte("links", recursive=True)
    above = and_(maker.c.id == _maker(links).api_key_id, in_tree(maker, links))
    return links.union_all(select(*maker.c).select_from(links.join(maker, above)).where(_may_stop(maker)))


@dataclass(frozen=True)
class _Holder:
    """A person or a key. Neither: nobody is known."""

    user_id: ColumnElement[uuid.UUID]
    api_key_id: ColumnElement[uuid.UUID]


def _maker(key: FromClause) -> _Holder:
    user_id = func.coalesce(key.c.adopter_user_id, key.c.creator_user_id)
    return _Holder(user_id, case((key.c.adopter_user_id.is_(None), key.c.creator_api_key_id)))


def _loss(
    key: FromClause,
    maker: _Holder,
    *,
    lasting: bool = False,
    grants: Callable[[FromClause], CompoundSelect[Any]] = grant_rows,
) -> ColumnElement[str]:
    """What the maker has lost that it needs to make the key. NULL: nothing, or nobody is known. `lasting`:
    what does not hold until the key's end counts as lost."""
    role, account = roles.alias(), accounts.alias()
    held = _held_by(key, grants(_holder_row(key, maker)), lasting=lasting)
    own = role.c.member_mask.op("&")(key.c.scopes).op("|")(mask_literal(Permission.API_KEYS_WRITE.bit))
    below = below_mask(role, account).op("&")(key.c.scopes)
    by_key, by_person = maker.api_key_id.is_not(None), maker.user_id.is_not(None)
    lost = or_(_lacks(held.c.mask, own), _lacks(held.c.below_mask, below))
    loss = case(
        (and_(by_key, ~_lives(key, maker)), _text(GhostReason.MAKER_ENDED)),
        (and_(by_person, ~allows(held.c.mask, Permission.ACCOUNT_READ)), _text(GhostReason.MAKER_LEFT)),
        (and_(or_(by_key, by_person), lost), _text(GhostReason.MAKER_LOST_RIGHT)),
        else_=null().cast(Text),
    )
    return (
        select(loss)
        .select_from(held)
        .join(role, role.c.id == key.c.role_id)
        .join(account, in_tree(account, key, id="account_id"))
        .correlate(key)
        .scalar_subquery()
    )


def _lives(key: FromClause, maker: _Holder) -> ColumnElement[bool]:
    making = api_keys.alias()
    found = select(making.c.id).where(
        making.c.id == maker.api_key_id, in_tree(making, key), key_lives(making)
    )
    return exists(found.correlate(key))


def _holder_row(key: FromClause, maker: _Holder) -> FromClause:
    row = select(maker.user_id.label("user_id"), maker.api_key_id.label("api_key_id"))
    return row.correlate(key).subquery("maker")


def _held_by(key: FromClause, grants: CompoundSelect[Any], *, lasting: bool) -> FromClause:
    """One row (mask, below_mask): what the maker, by these grants, holds in the key's account and below
    it."""
    grant, closure = grants.subquery("maker_grants"), account_closure.alias()
    granted = in_tree(grant, closure, account_id="ancestor_id")
    if lasting:
        granted = and_(granted, grant.c.ends_at >= end_of(key))
    return (
        select(
            func.coalesce(func.bit_or(granted_mask(closure, grant)), literal_column("0")).label("mask"),
            func.coalesce(func.bit_or(passed_mask(closure, grant)), literal_column("0")).label("below_mask"),
        )
        .select_from(closure.join(grant, granted))
        .where(in_tree(closure, key, descendant_id="account_id"))
        .correlate(key)
        .subquery("held_by_maker")
    )


def _may_stop(key: FromClause) -> ColumnElement[bool]:
    return key.c.when_maker_loses_access == literal_column(f"'{WhenMakerLosesAccess.STOP.value}'")


def _lacks(mask: ColumnElement[int], wanted: ColumnElement[int]) -> ColumnElement[bool]:
    return wanted.op("&")(mask) != wanted


def _text(reason: GhostReason) -> ColumnElement[str]:
    return literal_column(f"'{reason.value}'", Text)
