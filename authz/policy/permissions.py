"""Every permission.

    permission = AREA_ACTION

People see an area as a page (R22). An action is READ, WRITE or, where they differ, SEND, TRANSFER, SUSPEND,
CLOSE. A permission's number is its bit in the masks that the database stores: a number never changes and
never goes to another permission.
"""

import enum
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, literal_column


class Area(enum.Enum):
    """An area of the product. Each is one page of an application."""

    ACCOUNT = "ACCOUNT"
    SUBACCOUNTS = "SUBACCOUNTS"
    MEMBERS = "MEMBERS"
    ROLES = "ROLES"
    API_KEYS = "API_KEYS"
    CREDIT = "CREDIT"
    INVOICES = "INVOICES"
    PLAN = "PLAN"
    CONTACTS = "CONTACTS"
    BLOCK_LIST = "BLOCK_LIST"
    CAMPAIGNS = "CAMPAIGNS"
    TRANSACTIONAL = "TRANSACTIONAL"
    TEMPLATES = "TEMPLATES"
    DOMAINS = "DOMAINS"
    STATISTICS = "STATISTICS"
    SETTINGS = "SETTINGS"
    AUDIT = "AUDIT"
    WEBHOOKS = "WEBHOOKS"


class Permission(enum.Enum):
    """What a caller may do in an account: an area and an action."""

    ACCOUNT_READ = 0
    ACCOUNT_WRITE = 1
    ACCOUNT_SUSPEND = 2
    ACCOUNT_CLOSE = 3
    ACCOUNT_TRANSFER = 4
    SUBACCOUNTS_READ = 5
    SUBACCOUNTS_WRITE = 6
    MEMBERS_READ = 7
    MEMBERS_WRITE = 8
    ROLES_READ = 9
    ROLES_WRITE = 10
    API_KEYS_READ = 11
    API_KEYS_WRITE = 12
    CREDIT_READ = 13
    CREDIT_WRITE = 14
    CREDIT_TRANSFER = 15
    INVOICES_READ = 16
    INVOICES_WRITE = 17
    PLAN_READ = 18
    PLAN_WRITE = 19
    CONTACTS_READ = 20
    CONTACTS_WRITE = 21
    BLOCK_LIST_READ = 22
    BLOCK_LIST_WRITE = 23
    CAMPAIGNS_READ = 24
    CAMPAIGNS_WRITE = 25
    CAMPAIGNS_SEND = 26
    TRANSACTIONAL_READ = 27
    TRANSACTIONAL_WRITE = 28
    TRANSACTIONAL_SEND = 29
    TEMPLATES_READ = 30
    TEMPLATES_WRITE = 31
    DOMAINS_READ = 32
    DOMAINS_WRITE = 33
    STATISTICS_READ = 34
    SETTINGS_READ = 35
    SETTINGS_WRITE = 36
    AUDIT_READ = 37
    WEBHOOKS_READ = 38
    WEBHOOKS_WRITE = 39

    @property
    def bit(self) -> int:
        """The permission's place in a mask."""
        return 1 << self.value

    @property
    def area(self) -> Area:
        """The page that it belongs to."""
        return Area(self.name.rpartition("_")[0])

    @property
    def action(self) -> str:
        """READ, WRITE, SEND ..."""
        return self.name.rpartition("_")[2]

    def in_sql(self, rows: FromClause) -> ColumnElement[bool]:
        """Whether the row's mask holds the permission (see `engine.base.marks.Requirement`)."""
        return allows(rows.c.mask, self)

    def in_row(self, row: Mapping[str, Any]) -> bool:
        """Whether the mask of a row that was read holds the permission."""
        return bool(row["mask"] & self.bit)


def mask_literal(mask: int) -> ColumnElement[int]:
    """A mask as a constant, so that the planner knows it."""
    return literal_column(str(mask), BigInteger)


def allows(mask: ColumnElement[int], permission: Permission) -> ColumnElement[bool]:
    """Whether the mask holds the permission, in SQL."""
    return mask.op("&")(mask_literal(permission.bit)) != literal_column("0")


def mask_of(permissions: "set[Permission] | frozenset[Permission]") -> int:
    """The permissions as a mask."""
    return sum(permission.bit for permission in permissions)


def permissions_in(mask: int) -> list[Permission]:
    """The permissions of a mask, in the order of their numbers."""
    return [permission for permission in Permission if mask & permission.bit]


_OF_ACCESS = {Area.SUBACCOUNTS, Area.MEMBERS, Area.ROLES, Area.API_KEYS, Area.SETTINGS, Area.WEBHOOKS}
GIVES_ACCESS = frozenset(
    permission
    for permission in Permission
    if (permission.action == "TRANSFER" and permission.area is Area.ACCOUNT)
    or (permission.action == "WRITE" and permission.area in _OF_ACCESS)
)
"""What gives or takes access. Its holder needs it for at least as long as what is given or taken lasts (see
`authz.guards.exclusive`)."""

COSTS = mask_of(
    {
        Permission.CREDIT_WRITE,
        Permission.CREDIT_TRANSFER,
        Permission.PLAN_WRITE,
        Permission.CAMPAIGNS_SEND,
        Permission.TRANSACTIONAL_SEND,
    }
)
"""What buys, spends or sends. Nobody does in a tree whose owners have proved no e-mail address."""

ALL_PERMISSIONS = mask_of(frozenset(Permission))
READ_PERMISSIONS = mask_of(frozenset(p for p in Permission if p.action == "READ"))
"""What remains where an account, or one above it, is suspended or closed (T7)."""
