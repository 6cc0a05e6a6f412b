"""The owners of an account, for mail to them."""

from typing import Any

from sqlalchemy import Select, select

from authz.policy.builtin_roles import BuiltinRole
from authz.reach.grants import membership_holds
from models.accounts.trees import Place, in_account
from models.members.tables import memberships
from models.people.users import users


def owners_of(account: Place) -> Select[Any]:
    """Their addresses, as written and canonical, in one order: whoever mails several counts in that order."""
    return (
        select(users.c.email, users.c.email_canonical)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(
            in_account(memberships, account),
            memberships.c.role_id == BuiltinRole.OWNER.id,
            membership_holds(),
        )
        .order_by(users.c.email_canonical)
    )
