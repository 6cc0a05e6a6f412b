"""Block lists, as those see them who may.

Two statements: one of the control plane for the path and the viewer's rights on it, and one of the data plane
for the entries.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, FromClause, LargeBinary, Select, Uuid, any_, case, func, literal, select, true

from authz.policy.permissions import Permission
from authz.reach.reach import mask_of_account, readable_account
from engine.database.snapshot import Reader
from engine.declare.far import tree_value
from engine.declare.paging import Order, Window, cursor_of
from models.accounts.tables import account_closure, accounts
from models.accounts.trees import in_tree
from models.base.ids import AccountId
from models.block_list.tables import block_entries
from resolvers.settings.effective import default_country_of

NEWEST_FIRST = Order("block_list", (block_entries.c.id,), descending=True)


@dataclass(frozen=True)
class SeenPath:
    """An account, with what the viewer holds in it and in each account above it, from the account upwards."""

    master_id: uuid.UUID
    account_id: AccountId
    masks: Mapping[AccountId, int]
    default_country: str | None
    """The account's own, or inherited."""

    def may(self, permission: Permission, account_id: AccountId | None = None) -> bool:
        """Whether the viewer holds the permission in an account of the path, by default in the lowest."""
        return bool(self.masks[account_id or self.account_id] & permission.bit)


async def read_seen_path(reader: Reader, account_id: AccountId) -> SeenPath | None:
    """None: the account is outside the viewer's reach."""
    _, statement = seen_path(account_id)
    return path_in(account_id, await reader.rows(statement))


def path_in(account_id: AccountId, rows: Sequence[Mapping[str, Any]]) -> SeenPath | None:
    """The path that the rows of `seen_path` tell."""
    masks = {AccountId(row["id"]): row["mask"] or 0 for row in rows}
    if not masks.get(account_id, 0) & Permission.ACCOUNT_READ.bit:
        return None
    return SeenPath(rows[0]["master_id"], account_id, masks, rows[0]["default_country"])


async def read_page(
    reader: Reader, path: SeenPath, accounts: Sequence[AccountId], page: Window, digest: bytes | None
) -> list[Mapping[str, Any]]:
    """The entries of these accounts, of a page and one more, newest first. `digest`: of one address alone."""
    made = _page(accounts, page) if digest is None else _of_address(accounts, page, digest)
    return list(await reader.far_rows(path.master_id, made, {}))


def inherited_from(entry: FromClause) -> Select[Any]:
    """The account above that has made it; null for an entry of the account itself, and for an account outside
    your reach."""
    account, statement = readable_account()
    return statement.where(account.c.id == entry.c.inherited_from_id)


def seen_path(account_id: AccountId) -> tuple[FromClause, Select[Any]]:
    """The table's alias, and the path upwards: `master_id`, `id`, the viewer's `mask` in each account, NULL
    outside its reach, and of the account itself the `default_country`."""
    path, above = account_closure.alias(), accounts.alias()
    granted = mask_of_account(above)
    country = case((path.c.depth == 0, default_country_of(above)))
    statement = (
        select(above.c.master_id, above.c.id, granted.c.mask, country.label("default_country"))
        .select_from(path.join(above, in_tree(above, path, id="ancestor_id")).join(granted, true()))
        .where(path.c.descendant_id == literal(account_id, Uuid))
        .order_by(path.c.depth)
    )
    return above, statement


def _page(accounts: Sequence[AccountId], page: Window) -> Select[Any]:
    """Each account's own page is read by an index, however long its list is."""
    path = func.unnest(literal(list(accounts), ARRAY(Uuid))).table_valued("account_id").render_derived("path")
    entry = block_entries.alias()
    of_account = select(*entry.c).where(
        entry.c.master_id == tree_value(), entry.c.account_id == path.c.account_id
    )
    own = page.apply(of_account, [entry.c.id]).correlate(path).lateral()
    return _cut(select(*own.c).select_from(path.join(own, true())), page)


def _of_address(accounts: Sequence[AccountId], page: Window, digest: bytes) -> Select[Any]:
    entry = block_entries.alias()
    found = select(*entry.c).where(
        entry.c.master_id == tree_value(),
        entry.c.digest == literal(digest, LargeBinary),
        entry.c.account_id == any_(literal(list(accounts), ARRAY(Uuid))),
    )
    return _cut(found, page)


def _cut(entries: Select[Any], page: Window) -> Select[Any]:
    rows = entries.subquery()
    return page.apply(select(*rows.c, cursor_of(rows, NEWEST_FIRST).label("cursor__")), [rows.c.id])
