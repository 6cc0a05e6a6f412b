"""Reading block lists."""

from collections.abc import Mapping
from typing import Annotated, Any

import strawberry

from authz.policy.permissions import Permission
from engine.base.field_errors import absent, forbidden
from engine.declare.connections import PageInfo
from engine.declare.entity_objects import row_object
from engine.declare.paging import DEFAULT_PAGE, Window, window
from engine.declare.selections import SHORTER_PAGE
from models.base.ids import AccountId, Kind, parse, present
from models.block_list.tables import BlockReason
from resolvers.block_list import reads
from resolvers.block_list.entry_ids import present_entry
from resolvers.block_list.sealed_addresses import open_address
from resolvers.sealing.keyring import Keyring
from schema.block_list.types import BlockListEntry, BlockListPage
from schema.fields.addresses import PHONE_COUNTRY, in_a_query, read_one
from schema.fields.context import ContextInfo, principal_of
from schema.fields.marks import needs

_LONGEST_PAGE = 200
"""With all fields of its entries it stays below STEPWISE_COST_LIMIT."""


@strawberry.type
class BlockListQuery:
    @strawberry.field(
        directives=needs(Permission.BLOCK_LIST_READ),
        description="The block list of an account, newest entries first.",
        metadata={SHORTER_PAGE: _LONGEST_PAGE},
    )
    async def block_list(
        self,
        info: ContextInfo,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account.")],
        include_inherited: Annotated[
            bool, strawberry.argument(description="Whether entries of the accounts above are listed too.")
        ] = False,
        address: Annotated[
            str | None,
            strawberry.argument(
                description="Only the entries of this e-mail address or phone number, or of the address with "
                "this SHA-256."
            ),
        ] = None,
        phone_country: Annotated[str | None, strawberry.argument(description=PHONE_COUNTRY)] = None,
        first: Annotated[
            int | None,
            strawberry.argument(
                description=f"The number of entries from the start, or after `after`: 0 to {_LONGEST_PAGE}, "
                f"by default {DEFAULT_PAGE}."
            ),
        ] = None,
        after: Annotated[
            str | None, strawberry.argument(description="A cursor of this list. The page starts after it.")
        ] = None,
    ) -> BlockListPage | None:
        principal_of(info)
        key = parse(Kind.ACCOUNT, account_id)
        path = None if key is None else await reads.read_seen_path(info.context.reader, AccountId(key))
        if path is None:
            raise absent("NOT_FOUND", "accountId")
        if not path.may(Permission.BLOCK_LIST_READ):
            raise forbidden(Permission.BLOCK_LIST_READ)
        page = window(reads.NEWEST_FIRST, {"first": first, "after": after}, _LONGEST_PAGE)
        digest = None if address is None else await _digest_of(info, path, address, phone_country)
        accounts = list(path.masks) if include_inherited else [path.account_id]
        rows = await reads.read_page(info.context.reader, path, accounts, page, digest)
        with in_a_query():
            keyring = info.context.deployment.keyring()
        return _shown(path, keyring, rows, page)


async def _digest_of(info: ContextInfo, path: reads.SeenPath, text: str, country: str | None) -> bytes:
    key = info.context.deployment.contact_key
    with in_a_query():
        return (await read_one(key, text, country, path.default_country)).digest


def _shown(
    path: reads.SeenPath, keyring: Keyring, rows: list[Mapping[str, Any]], page: Window
) -> BlockListPage:
    shown = rows[: page.size]
    return BlockListPage(
        nodes=[_entry(path, keyring, row) for row in shown],
        page_info=PageInfo(
            has_next_page=len(rows) > page.size,
            has_previous_page=page.bounded,
            start_cursor=shown[0]["cursor__"] if shown else None,
            end_cursor=shown[-1]["cursor__"] if shown else None,
        ),
    )


def _entry(path: reads.SeenPath, keyring: Keyring, row: Mapping[str, Any]) -> BlockListEntry:
    maker_id = AccountId(row["account_id"])
    is_inherited = maker_id != path.account_id
    opened = open_address(keyring, row)
    is_known = path.may(Permission.BLOCK_LIST_READ, maker_id)
    is_reached = path.may(Permission.ACCOUNT_READ, maker_id)
    return row_object(
        BlockListEntry,
        {"inherited_from_id": maker_id if is_inherited else None},
        id=strawberry.ID(present_entry(maker_id if is_reached else path.account_id, row["id"])),
        address=opened.address if is_known else None,
        hash=opened.hash,
        reason=BlockReason(row["reason"]),
        source=row["source"] if is_known else None,
        entered_by_id=_entered_by(path, maker_id, row),
        created_at=row["created_at"],
        is_inherited=is_inherited,
    )


def _entered_by(path: reads.SeenPath, maker_id: AccountId, row: Mapping[str, Any]) -> strawberry.ID | None:
    if row["user_id"] is not None and path.may(Permission.MEMBERS_READ, maker_id):
        return strawberry.ID(present(Kind.USER, row["user_id"]))
    if row["api_key_id"] is not None and path.may(Permission.API_KEYS_READ, maker_id):
        return strawberry.ID(present(Kind.API_KEY, row["api_key_id"]))
    return None
