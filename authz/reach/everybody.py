"""Everybody's rights at once: each person and each key that holds rights in an account.

    account -> places -> holders -> grants -> access

The *places* of an account are the account itself and those above it. *Holders* have a membership, a share or
an API key in a place. Reach says what that gives them, as it does for the caller.
"""

import uuid
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    Text,
    Uuid,
    any_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    union,
)

from authz.callers.principals import key_may_work, key_works
from authz.policy.permissions import Permission, allows
from authz.reach.grants import (
    active_memberships,
    dated_grant_rows,
    granted_mask,
    roled_grant_rows,
    share_holds,
)
from authz.reach.narrowed import with_tokens
from authz.reach.status import status_mask
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.api_keys.tables import api_keys
from models.parent_access.openings import break_glass_openings
from models.shares.tables import share_accounts, shares

Ids = Collection[uuid.UUID] | ColumnElement[list[uuid.UUID]]

_WHOSE = ("user_id", "api_key_id")


def access_in(account: FromClause) -> Select[Any]:
    """Who holds rights in an account: rows (user_id, api_key_id, mask). The mask ignores the account's
    status."""
    found = _access_in(account)
    return select(found.c.user_id, found.c.api_key_id, found.c.mask).where(
        allows(found.c.mask, Permission.ACCOUNT_READ)
    )


def access_with_tokens_in(account: FromClause) -> Select[Any]:
    """The same, and what their narrowed tokens give: rows (user_id, api_key_id, token_id, mask)."""
    found = with_tokens(_access_in(account)).subquery("found")
    return select(*found.c).where(allows(found.c.mask, Permission.ACCOUNT_READ))


def _access_in(account: FromClause) -> FromClause:
    closure = account_closure.alias()
    path = (
        select(*closure.c)
        .where(in_tree(closure, account, descendant_id="id"))
        .correlate(account)
        .subquery("path")
    )
    return _granted(path, holders(places(path)).subquery("holders"))


def access_of(
    account_ids: Ids,
    user_ids: Ids | None = None,
    api_key_ids: Ids | None = None,
) -> Select[Any]:
    """Who holds rights in these accounts: everybody, or only these people and keys.

    Rows (account_id, user_id, api_key_id, mask, left_by_status, masks, ends, ip_ranges). `mask`: after the
    account's status. `masks`, `ends`: of each grant the mask and the moment it ends at; null: never.
    `ip_ranges`: where a key works; null for people.
    """
    closure, account = account_closure.alias(), accounts.alias()
    path = select(*closure.c).where(closure.c.descendant_id == any_(ids(account_ids))).cte("path")
    if user_ids is None or api_key_ids is None:
        wanted = holders(places(path))
    else:
        wanted = named_holders(user_ids, api_key_ids)
    access = _granted(path, wanted.cte("holders"))
    own = in_tree(account, access, id="account_id")
    left = status_mask(account)
    bound = api_keys.alias()
    same_key = in_tree(bound, access, id="api_key_id")
    return (
        select(
            access.c.account_id,
            access.c.user_id,
            access.c.api_key_id,
            access.c.mask.op("&")(left).label("mask"),
            left.label("left_by_status"),
            access.c.masks,
            access.c.ends,
            cast(bound.c.ip_ranges, ARRAY(Text)).label("ip_ranges"),
        )
        .select_from(access.join(account, own).outerjoin(bound, same_key))
        .where(allows(access.c.mask, Permission.ACCOUNT_READ))
    )


def path_to(master_id: ColumnElement[uuid.UUID], account_id: ColumnElement[uuid.UUID]) -> FromClause:
    """The account and those above it, as rows of the closure."""
    closure = account_closure.alias()
    own = closure.c.master_id == master_id, closure.c.descendant_id == account_id
    return select(*closure.c).where(*own).subquery("path")


def holders_beside(
    path: FromClause, wanted: ColumnElement[int], role_ids: ColumnElement[list[uuid.UUID]]
) -> Select[Any]:
    """Who holds one of the permissions in the account at the path's end by something else than these roles,
    whatever the account's status and any limit of one person's rights, and break-glass aside: rows (user_id,
    api_key_id). A key that such a limit has stopped counts, as it works again when that ends."""
    holder = holders(places(path), works=key_may_work).subquery("holders")
    grant = roled_grant_rows(holder, *_WHOSE).subquery("grants")
    leads = in_tree(grant, path, account_id="ancestor_id")
    return (
        select(grant.c.user_id, grant.c.api_key_id)
        .select_from(path.join(grant, leads))
        .where(
            granted_mask(path, grant).op("&")(wanted) != literal_column("0"),
            grant.c.role_id.is_(None) | ~(grant.c.role_id == any_(role_ids)),
        )
        .distinct()
    )


def grants_of(user_ids: Ids, api_key_ids: Ids, top_ids: Ids) -> FromClause:
    """The grants of these people and keys in these accounts and all below them: rows as `grants_within`. It
    takes as long as they have grants, however many accounts there are."""
    holder = named_holders(user_ids, api_key_ids).cte("holders")
    grant, path = dated_grant_rows(holder, *_WHOSE).subquery("grants"), account_closure.alias()
    lies_there = exists(
        select(path.c.depth)
        .where(in_tree(path, grant, descendant_id="account_id"), path.c.ancestor_id == any_(ids(top_ids)))
        .correlate(grant)
    )
    return select(*grant.c).where(lies_there).subquery("grants_of")


def grants_within(within: FromClause) -> FromClause:
    """All grants in the accounts of these rows (master_id, account_id): rows (master_id, account_id,
    own_mask, below_mask, expires_at, user_id, api_key_id)."""
    opening = break_glass_openings.alias()
    # Whoever opens an account holds nothing else in it.
    openers = select(opening.c.user_id, null().cast(Uuid)).join(within, _is_in(opening, within))
    found = union(*holders(within).selects, openers).cte("holders")
    grant = dated_grant_rows(found, *_WHOSE).subquery("grants")
    held = in_tree(within, grant, account_id="account_id")
    return select(*grant.c).join(within, held).subquery("grants_within")


def places(path: FromClause) -> FromClause:
    """The accounts at the path's end, and those above them: rows (master_id, account_id)."""
    distinct = select(path.c.master_id, path.c.ancestor_id.label("account_id")).distinct()
    return distinct.subquery("places")


def holders(
    place: FromClause, *, works: Callable[[FromClause], ColumnElement[bool]] = key_works
) -> CompoundSelect[Any]:
    """Who holds rights in the places now, once each: rows (user_id, api_key_id), one of the two null.
    `works`: which keys do."""
    member, share, opened, key = (
        active_memberships(),
        shares.alias(),
        share_accounts.alias(),
        api_keys.alias(),
    )
    no_person, no_key = null().cast(Uuid), null().cast(Uuid)
    members = select(member.c.user_id, no_key.label("api_key_id")).join(place, _is_in(member, place))
    opens = in_tree(share, opened, id="share_id")
    guests = (
        select(share.c.user_id, no_key)
        .select_from(opened)
        .join(place, _is_in(opened, place))
        .join(share, opens)
        .where(share_holds(share))
    )
    keys = select(no_person, key.c.id).join(place, _is_in(key, place)).where(works(key))
    return union(members, guests, keys)


def named_holders(user_ids: Ids, api_key_ids: Ids) -> CompoundSelect[Any]:
    """These people, and those of these keys that work now, once each: rows (user_id, api_key_id)."""
    key = api_keys.alias()
    people = select(func.unnest(ids(user_ids)).label("user_id"), null().cast(Uuid).label("api_key_id"))
    keys = select(null().cast(Uuid), key.c.id).where(key.c.id == any_(ids(api_key_ids)), key_works(key))
    return union(people, keys)


def _granted(path: FromClause, holder: FromClause) -> FromClause:
    """What reach gives the holders in the accounts at the path's end: rows (master_id, account_id, user_id,
    api_key_id, mask, narrowable_mask, masks, ends). `narrowable_mask`: without break-glass."""
    grant = dated_grant_rows(holder, *_WHOSE).subquery("grants")
    given = granted_mask(path, grant)
    leads = in_tree(grant, path, account_id="ancestor_id")
    return (
        select(
            path.c.master_id,
            path.c.descendant_id.label("account_id"),
            grant.c.user_id,
            grant.c.api_key_id,
            func.bit_or(given).label("mask"),
            func.bit_or(given).filter(grant.c.from_id == grant.c.account_id).label("narrowable_mask"),
            func.array_agg(given).label("masks"),
            func.array_agg(grant.c.expires_at).label("ends"),
        )
        .select_from(path.join(grant, leads))
        .group_by(path.c.master_id, path.c.descendant_id, grant.c.user_id, grant.c.api_key_id)
        .subquery("access")
    )


def _is_in(row: FromClause, place: FromClause) -> ColumnElement[bool]:
    return in_tree(place, row, account_id="account_id")


def ids(values: Ids) -> ColumnElement[list[uuid.UUID]]:
    """The values as one bound array, or the array that SQL has already."""
    return values if isinstance(values, ColumnElement) else literal(list(values), ARRAY(Uuid))
