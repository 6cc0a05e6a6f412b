"""Reads what bears on somebody's access, in the request's snapshot, and leaves out what may not be told."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from authz.explanation_facts import (
    AskedAccount,
    AskedKey,
    Facts,
    GivenShare,
    HeldMembership,
    HeldRole,
    PathAccount,
    Subject,
    Viewpoint,
    Way,
)
from authz.explanation_statements import (
    ACCOUNT,
    API_KEY,
    MASTER,
    ROLES,
    USER,
    key_statement,
    lines_statement,
    memberships_statement,
    path_statement,
    roles_statement,
    shares_statement,
    verdict_statement,
)
from authz.permissions import Area, Permission
from authz.policy_compiler import PolicyLine, RoleMasks
from engine.reader import Reader
from models.accounts import AccountStatus, RightsInheritance
from models.roles import Effect, Relation

Row = Mapping[str, Any]


async def read_facts(reader: Reader, account: AskedAccount, subject: Subject, viewpoint: Viewpoint) -> Facts:
    """All that bears on it and may be told to who asks. A fixed number of statements."""
    on_path = {MASTER: account.master_id, ACCOUNT: account.id}
    of_subject = on_path | {USER: subject.user_id}
    of_key = {MASTER: account.master_id, API_KEY: subject.api_key_id}
    path = [_path_account(row) for row in await reader.rows(path_statement(viewpoint), on_path)]
    members = await reader.rows(memberships_statement(), of_subject)
    shared = await reader.rows(shares_statement(), of_subject)
    keys = await reader.rows(key_statement(viewpoint), of_key)
    role_ids = {row["role_id"] for row in (*members, *shared, *keys)} - {None}
    held_roles = await _read_roles(reader, role_ids)
    ways: list[Way] = [
        *(_membership(row, path, held_roles) for row in members),
        *(_share(row, held_roles) for row in shared),
        *(_key(row, path, held_roles) for row in keys if row["known"] or subject.is_asker),
    ]
    (held,) = await reader.rows(verdict_statement(account, subject))
    return Facts(
        subject=subject,
        path=tuple(path),
        ways=tuple(way for way in ways if subject.is_asker or _may_be_told(way, path[0])),
        verdict=_within_reach(held["verdict"] or 0),
    )


def _may_be_told(way: Way, asked: PathAccount) -> bool:
    """Whether who asks, and is not the subject, may know of it.

    Members of accounts above are known below only where they reach down, as `Account.members` shows them; or
    to who may see them above as well.
    """
    if isinstance(way, AskedKey):
        return True  # keys that may not be known were not read
    if not asked.shows(Permission.MEMBERS_READ):
        return False
    if isinstance(way, HeldMembership) and way.account.depth:
        reaches_down = way.holds and way.mask_below != 0
        return reaches_down or way.account.shows(Permission.MEMBERS_READ)
    return True


def _within_reach(mask: int) -> int:
    return mask if mask & Permission.ACCOUNT_READ.bit else 0


async def _read_roles(reader: Reader, role_ids: Collection[UUID]) -> dict[UUID, HeldRole]:
    wanted = {ROLES: list(role_ids)}
    rows = await reader.rows(roles_statement(), wanted)
    lines = await reader.rows(lines_statement(), wanted)
    return {row["id"]: _role(row, [line for line in lines if line["role_id"] == row["id"]]) for row in rows}


def _role(row: Row, lines: list[dict[str, Any]]) -> HeldRole:
    # In the policy a built-in role goes by its name, a custom one by its id.
    name = row["name"] if row["account_id"] is None else str(row["id"])
    masks = RoleMasks(row["member_mask"], row["ancestor_mask"], row["inherited_mask"])
    found = (
        PolicyLine(name, Relation(line["relation"]), line["area"], line["action"], Effect(line["effect"]))
        for line in lines
    )
    return HeldRole(row["id"], row["name"], masks, tuple(sorted(found, key=PolicyLine.fields)))


def _path_account(row: Row) -> PathAccount:
    return PathAccount(
        id=row["id"],
        name=row["name"],
        depth=row["depth"],
        status=AccountStatus(row["status"]),
        rights_inheritance=RightsInheritance(row["rights_inheritance"]),
        asker_mask=row["asker_mask"],
    )


def _membership(row: Row, path: list[PathAccount], roles: Mapping[UUID, HeldRole]) -> HeldMembership:
    (account,) = (account for account in path if account.id == row["account_id"])
    return HeldMembership(row["id"], account, roles[row["role_id"]], row["expires_at"], row["holds"])


def _share(row: Row, roles: Mapping[UUID, HeldRole]) -> GivenShare:
    return GivenShare(
        id=row["id"],
        role=None if row["role_id"] is None else roles[row["role_id"]],
        areas=frozenset(map(Area, row["areas"] or ())),
        areas_mask=row["areas_mask"],
        hidden_areas=frozenset(map(Area, row["hidden_areas"])),
        hidden_mask=row["hidden_mask"],
        accepted=row["accepted"],
        expired=row["expired"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _key(row: Row, path: list[PathAccount], roles: Mapping[UUID, HeldRole]) -> AskedKey:
    account = next((account for account in path if account.id == row["account_id"]), None)
    return AskedKey(
        id=row["id"],
        name=row["name"],
        account=account,
        account_label=row["account_name"] if account is None else account.label,
        role=roles[row["role_id"]],
        scopes=row["scopes"],
        revoked_at=row["revoked_at"],
        expires_at=row["expires_at"],
        expired=row["expired"],
        stopped=row["stopped"],
        ip_ranges=tuple(row["ip_ranges"]),
    )
