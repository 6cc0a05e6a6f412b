"""Reads the facts about somebody's access in the request's snapshot, as far as the asker may know them."""

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from authz.explain.facts import (
    AskedAccount,
    AskedKey,
    Facts,
    GivenShare,
    HeldMembership,
    HeldOpening,
    HeldRole,
    MadePromise,
    PathAccount,
    Subject,
    Viewpoint,
    Way,
)
from authz.explain.statements import (
    ACCOUNT,
    API_KEY,
    MASTER,
    ROLES,
    USER,
    key_statement,
    lines_statement,
    memberships_statement,
    openings_statement,
    path_statement,
    promises_statement,
    roles_statement,
    shares_statement,
    verdict_statement,
)
from authz.past.moments import settings_of
from authz.policy.compiler import PolicyLine, RoleMasks
from authz.policy.permissions import Area, Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.database.snapshot import Reader
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance
from models.roles.tables import Effect, Relation

Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Tables:
    """The tables as they are, or as they were at a moment."""

    reader: Reader
    moment: datetime.datetime | None

    async def rows(self, statement: Select[Any], values: Row | None = None) -> list[dict[str, Any]]:
        """The statement's rows. Of the past it may ask nothing about the asker."""
        if self.moment is None:
            return await self.reader.rows(statement, values)
        return await self.reader.rows_under(settings_of(self.moment), statement, values or {})

    async def rows_for(
        self, make: Callable[[Viewpoint], Select[Any]], viewpoint: Viewpoint, values: Row, *seen: str
    ) -> list[dict[str, Any]]:
        """The same of a statement that also says what the asker may see, in the columns `seen`: that is as it
        is now. Its rows have an `id`."""
        present = await self.reader.rows(make(viewpoint), values)
        if self.moment is None:
            return present
        now = {row["id"]: {name: row[name] for name in seen} for row in present}
        return [row | now[row["id"]] for row in await self.rows(make(Viewpoint.OPERATOR), values)]


async def read_facts(
    reader: Reader,
    account: AskedAccount,
    subject: Subject,
    viewpoint: Viewpoint,
    moment: datetime.datetime | None = None,
) -> Facts:
    """All facts that the asker may know. Runs a fixed number of statements.

    `moment`: as they were then, as far as the asker may know them now. Raises Refusal where there was no such
    account yet.
    """
    tables = _Tables(reader, moment)
    on_path = {MASTER: account.master_id, ACCOUNT: account.id}
    of_subject = on_path | {USER: subject.user_id}
    of_key = {MASTER: account.master_id, API_KEY: subject.api_key_id}
    links = await tables.rows_for(path_statement, viewpoint, on_path, "asker_mask")
    if not links:
        raise Refusal(RefusalCode.BAD_USER_INPUT, "The account did not exist yet.", "at")
    path = [_path_account(row) for row in links]
    members = await tables.rows(memberships_statement(), of_subject)
    openings = await tables.rows(openings_statement(), of_subject)
    shared = await tables.rows(shares_statement(), of_subject)
    keys = await tables.rows_for(key_statement, viewpoint, of_key, "known")
    role_ids = {row["role_id"] for row in (*members, *shared, *keys)} - {None}
    held_roles = await _read_roles(tables, role_ids)
    memberships = [_membership(row, path, held_roles) for row in members]
    known = [held for held in memberships if _may_be_known(held, subject, path[0])]
    ways: list[Way] = [
        *known,
        # A narrowed token has nothing of them.
        *(way for row in openings if subject.token is None for way in _opened(row, path, known)),
        *(_share(row, held_roles) for row in shared),
        *(_key(row, path, held_roles) for row in keys if row["known"] or subject.is_asker),
    ]
    promises = await tables.rows(promises_statement(), on_path)
    (verdict,) = await tables.rows(verdict_statement(account, subject))
    return Facts(
        subject=subject,
        path=tuple(path),
        ways=tuple(way for way in ways if _may_be_known(way, subject, path[0])),
        verdict=_within_reach(verdict["verdict"] or 0),
        promises=tuple(map(_promise, promises)) if path[0].shows(Permission.MEMBERS_READ) else (),
    )


def _may_be_known(way: Way, subject: Subject, asked: PathAccount) -> bool:
    """Whether the asker may know of the way. A subject may know everything about itself.

    Below an account its members are known only where they reach down, as `Account.members` shows them, or to
    an asker who sees them above as well. A break-glass opening is known where it gives access, and to whoever
    may read the log.
    """
    if subject.is_asker or isinstance(way, AskedKey):
        return True  # keys that the asker may not know of were not read
    if not asked.shows(Permission.MEMBERS_READ):
        return False
    if isinstance(way, HeldMembership) and way.account.depth:
        reaches_down = way.holds and way.mask_below != 0
        return reaches_down or way.account.shows(Permission.MEMBERS_READ)
    if isinstance(way, HeldOpening):
        lets_in = way.holds and way.membership is not None and way.membership.holds
        return lets_in or way.account.shows(Permission.AUDIT_READ)
    return True


def _promise(row: Row) -> MadePromise:
    return MadePromise(row["id"], row["permission"], tuple(row["roles"]))


def _within_reach(mask: int) -> int:
    return mask if mask & Permission.ACCOUNT_READ.bit else 0


async def _read_roles(tables: _Tables, role_ids: Collection[UUID]) -> dict[UUID, HeldRole]:
    wanted = {ROLES: list(role_ids)}
    rows = await tables.rows(roles_statement(), wanted)
    lines = await tables.rows(lines_statement(), wanted)
    return {row["id"]: _role(row, [line for line in lines if line["role_id"] == row["id"]]) for row in rows}


def _role(row: Row, lines: list[dict[str, Any]]) -> HeldRole:
    # The policy names a built-in role by its name, a custom role by its id.
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
        parent_access=ParentAccess(row["parent_access"]),
        asker_mask=row["asker_mask"],
    )


def _membership(row: Row, path: list[PathAccount], roles: Mapping[UUID, HeldRole]) -> HeldMembership:
    account = _on_path(row, path)
    return HeldMembership(
        id=row["id"],
        account=account,
        role=roles[row["role_id"]],
        expires_at=row["expires_at"],
        holds=row["holds"],
        below_limit=row["below_limit"],
        below_limit_until=row["below_limit_until"],
    )


def _opened(
    row: Row, path: list[PathAccount], memberships: Collection[HeldMembership]
) -> Iterator[HeldOpening]:
    """One way for each membership above the opened account, or one without a membership."""
    account = _on_path(row, path)
    above = [membership for membership in memberships if membership.account.depth > account.depth]
    for membership in above or (None,):
        yield HeldOpening(row["id"], account, membership, row["expires_at"], row["expired"], row["ended_at"])


def _on_path(row: Row, path: list[PathAccount]) -> PathAccount:
    (account,) = (account for account in path if account.id == row["account_id"])
    return account


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
