"""Shares as those who give them, and those to whom they are given, see them."""

import enum
from typing import Annotated, Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, null, select

from authz.offers.acceptance import share_lapse
from authz.policy.permissions import Permission
from authz.reach.grants import share_holds
from authz.reach.reach import PRINCIPAL, account_where, readable_account
from engine.declare.arguments import Described
from engine.declare.paging import Order
from models.api_keys.tables import api_keys
from models.people.users import users
from models.roles.tables import roles
from models.shares.tables import share_accounts, shares
from resolvers.inputs.global_ids import ShareIdArgument


class ShareStatus(enum.Enum):
    """What has become of a share. LAPSED: it was not accepted, and nobody can as things are."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    DECLINED = "DECLINED"
    LAPSED = "LAPSED"


BY_ID = Order("shares", (shares.c.id,), descending=True)


def order(**_: object) -> Order:
    """Newest first."""
    return BY_ID


def status_of(share: FromClause) -> ColumnElement[str]:
    """What has become of it, as things are now; `lapse` says why it is LAPSED."""
    return case(
        (share.c.declined, ShareStatus.DECLINED.value),
        (share.c.revoked_at.is_not(None), ShareStatus.REVOKED.value),
        (share.c.expires_at <= func.now(), ShareStatus.EXPIRED.value),
        (share.c.user_id.is_not(None), ShareStatus.ACTIVE.value),
        (share.c.link_expires_at <= func.now(), ShareStatus.EXPIRED.value),
        (share_lapse(share).is_not(None), ShareStatus.LAPSED.value),
        else_=ShareStatus.PENDING.value,
    )


def lapse_of(share: FromClause) -> ColumnElement[str]:
    """Why it is LAPSED; null where it is not. It is PENDING again where that changes."""
    return case((status_of(share) == ShareStatus.LAPSED.value, share_lapse(share)), else_=null())


def of_account(
    account: FromClause,
    status: Annotated[ShareStatus | None, Described("Only those of which this has become.")] = None,
) -> Select[Any]:
    """The shares that open the account, newest first."""
    share, opened = shares.alias(), share_accounts.alias()
    opens = and_(opened.c.master_id == share.c.master_id, opened.c.share_id == share.c.id)
    statement = (
        select(*share.c)
        .select_from(share.join(opened, opens))
        .where(opened.c.account_id == account.c.id, opened.c.master_id == account.c.master_id)
    )
    return statement if status is None else statement.where(status_of(share) == status.value)


def of_viewer(viewer: FromClause) -> Select[Any]:
    """What others share with the viewer now, newest first."""
    share = shares.alias()
    return select(*share.c).where(share.c.user_id == viewer.c.user_id, share_holds(share))


def by_id(root: FromClause, id: ShareIdArgument) -> Select[Any]:
    """A share that the viewer was given, or of an account whose members the viewer may see."""
    share = shares.alias()
    return select(*share.c).where(share.c.id == id, _may_see(share))


def of_result(result: FromClause) -> Select[Any]:
    """The share, as it is now."""
    share = shares.alias()
    return select(*share.c).where(share.c.id == result.c.share_id, _may_see(share))


def _may_see(share: FromClause) -> ColumnElement[bool]:
    return _managed(share) | (share.c.user_id == select(PRINCIPAL.c.user_id).scalar_subquery())


def _managed(share: FromClause) -> ColumnElement[bool]:
    """Whether the viewer may see the members of one of its accounts."""
    opened = share_accounts.alias()
    return exists(
        select(opened.c.account_id)
        .where(
            opened.c.master_id == share.c.master_id,
            opened.c.share_id == share.c.id,
            account_where(opened, Permission.MEMBERS_READ),
        )
        .correlate(share)
    )


def accounts_of(share: FromClause) -> Select[Any]:
    """The accounts that it opens, as far as they are within the viewer's reach."""
    account, statement = readable_account()
    opened = share_accounts.alias()
    opens = and_(opened.c.master_id == account.c.master_id, opened.c.account_id == account.c.id)
    return statement.join(opened, opens).where(
        opened.c.master_id == share.c.master_id, opened.c.share_id == share.c.id
    )


def role_of(share: FromClause) -> Select[Any]:
    """The role that it gives; null where it gives areas."""
    role = roles.alias()
    return select(*role.c).where(role.c.id == share.c.role_id)


def user_of(share: FromClause) -> Select[Any]:
    """The person who accepted it."""
    person = users.alias()
    return select(*person.c).where(person.c.id == share.c.user_id)


def giver_of(share: FromClause) -> Select[Any]:
    """The person who gave it, or changed it last; null where an API key did, and for who may not see the
    members."""
    person = users.alias()
    itself = person.c.id == select(PRINCIPAL.c.user_id).scalar_subquery()
    return select(*person.c).where(person.c.id == share.c.giver_user_id, itself | _managed(share))


def giver_name(share: FromClause) -> ColumnElement[str]:
    """The name of that person, or of the API key."""
    person, key = users.alias(), api_keys.alias()
    user_name = select(person.c.name).where(person.c.id == share.c.giver_user_id).correlate(share)
    key_name = (
        select(key.c.name)
        .where(key.c.id == share.c.giver_api_key_id, key.c.master_id == share.c.master_id)
        .correlate(share)
    )
    return func.coalesce(user_name.scalar_subquery(), key_name.scalar_subquery())
