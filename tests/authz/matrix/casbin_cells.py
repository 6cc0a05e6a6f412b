"""What casbin's own enforcer says of each cell of the access matrix: asked for every permission, and never
the masks that were compiled of its answers, nor those that the paths of the tree keep of their links."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Table, Uuid, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.compiler import PolicyLine, build_enforcer
from authz.policy.permissions import Permission
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance, accounts
from models.api_keys.tables import api_keys
from models.base.ids import Kind, present
from models.members.tables import memberships
from models.narrowed_tokens.tables import narrowed_tokens
from models.parent_access.openings import break_glass_openings
from models.roles.tables import Effect, Relation, role_policy_lines, roles
from models.shares.tables import share_accounts, shares
from tests.authz.cases.expectations import EVERYTHING, READS
from tests.authz.escalation.reach_model import area_of, passing
from tests.authz.matrix.matrices import Place
from tests.world.world import Account

Cells = dict[Place, frozenset[str]]
_BUILT_IN_IDS = {role.id for role in BuiltinRole}
_BUILT_IN: dict[tuple[uuid.UUID, Relation], frozenset[str]] = {}
"""What casbin said of the built-in roles, whose lines are the same in every forest."""
_OF_A_SUSPENDED_ACCOUNT = READS | {"ACCOUNT_SUSPEND", "ACCOUNT_CLOSE"}


async def casbin_cells(database: AsyncEngine, forest: Sequence[Account]) -> Cells:
    """Who may do what in these accounts, but for those who may not even read one."""
    async with database.connect() as connection:
        book = _Book(connection, forest)
        await book.read()
    return {
        place: frozenset(held & book.left_by_status(place.account_id))
        for place, held in book.cells.items()
        if "ACCOUNT_READ" in held
    }


class _Book:
    def __init__(self, connection: AsyncConnection, forest: Sequence[Account]) -> None:
        self.cells: dict[Place, set[str]] = defaultdict(set)
        self._connection = connection
        self._forest = forest
        self._answers: dict[tuple[uuid.UUID, Relation], frozenset[str]] = {}
        """Of the forest's own roles."""

    async def read(self) -> None:
        """Everything that gives rights in the forest."""
        self._rows = {row.id: row for row in await self._of_forest(accounts)}
        lines = await self._connection.execute(_lines_of(self._forest))
        self._enforcer = build_enforcer(
            PolicyLine(str(row.role_id), Relation(row.relation), row.area, row.action, Effect(row.effect))
            for row in lines
        )
        members = await self._of_forest(memberships)
        for row in members:
            self._add_role(present(Kind.USER, row.user_id), row, EVERYTHING)
        for row in await self._of_forest(api_keys):
            self._add_role(present(Kind.API_KEY, row.id), row, _names(row.scopes))
        for opened in await self._of_forest(share_accounts):
            (share,) = [row for row in await self._of_forest(shares) if row.id == opened.share_id]
            if share.user_id is not None and _holds(share):
                place = Place(present(Kind.ACCOUNT, opened.account_id), present(Kind.USER, share.user_id))
                self.cells[place] |= self._shared(share)
        # Before what is opened by break-glass, which no token has.
        tokens = await self._of_tokens()
        for opening in await self._of_forest(break_glass_openings):
            self._add_opening(opening, [row for row in members if row.user_id == opening.user_id])
        self.cells |= tokens

    def left_by_status(self, account_id: str) -> frozenset[str]:
        """What the statuses on the path leave (T7)."""
        (account,) = [account for account in self._forest if account.id == account_id]
        above = {self._rows[key].status for key in account.path} - {AccountStatus.ACTIVE.value}
        own = AccountStatus(self._rows[account.key].status)
        if above or own is AccountStatus.CLOSED:
            return READS
        return _OF_A_SUSPENDED_ACCOUNT if own is AccountStatus.SUSPENDED else EVERYTHING

    async def _of_tokens(self) -> dict[Place, set[str]]:
        """What narrowed tokens leave of what people and keys have in the accounts that they name, as far as
        they and all tokens above them live."""
        mine = literal([account.key for account in self._forest], ARRAY(Uuid))
        named = narrowed_tokens.c.account_ids.op("&&")(mine)
        rows = (await self._connection.execute(select(narrowed_tokens).where(named))).all()
        ended = {row.id for row in rows if not _holds(row)}
        found: dict[Place, set[str]] = {}
        for row in rows:
            if ended & {row.id, *row.ancestor_ids}:
                continue
            whose = (Kind.USER, row.user_id) if row.user_id else (Kind.API_KEY, row.api_key_id)
            for account in self._forest:
                if account.key in row.account_ids:
                    held = self.cells.get(Place(account.id, present(*whose)), set())
                    token_id = present(Kind.NARROWED_TOKEN, row.id)
                    found[Place(account.id, token_id)] = held & _names(row.scopes)
        return found

    async def _of_forest(self, table: Table) -> Sequence[Row[Any]]:
        masters = {account.master for account in self._forest}
        statement = select(table).where(table.c.master_id.in_(masters))
        return (await self._connection.execute(statement)).all()

    def _add_role(self, subject_id: str, row: Row[Any], scopes: frozenset[str]) -> None:
        """A role that is held in an account, there and below it."""
        if not _holds(row):
            return
        for account in self._forest:
            if account.key == row.account_id:
                given = self._gives(row.role_id, Relation.MEMBER)
            elif row.account_id in account.path:
                given = self._below(row) & self._passed(row.account_id, account.key)
            else:
                continue
            self.cells[Place(account.id, subject_id)] |= given & scopes

    def _add_opening(self, opening: Row[Any], memberships_of_opener: Sequence[Row[Any]]) -> None:
        """What is held above an opened account, in it and below it: past its own link, and no other one."""
        opened = self._rows[opening.account_id]
        if not _holds(opening) or opened.parent_access != ParentAccess.BREAK_GLASS.value:
            return
        (path,) = [account.path for account in self._forest if account.key == opened.id]
        above = [row for row in memberships_of_opener if _holds(row) and row.account_id in path]
        for account in self._forest:
            if opened.id in (*account.path, account.key):
                place = Place(account.id, present(Kind.USER, opening.user_id))
                for row in above:
                    let_in = self._below(row) & self._passed(row.account_id, opened.parent_id)
                    self.cells[place] |= let_in & self._passed(opened.id, account.key)

    def _below(self, row: Row[Any]) -> frozenset[str]:
        """What a role that is held in an account gives below it, if every link lets everything pass."""
        passes_all = self._rows[row.account_id].rights_inheritance == RightsInheritance.ALL_ROLES.value
        given = self._gives(row.role_id, Relation.INHERITED if passes_all else Relation.ANCESTOR)
        limit = row._mapping.get("below_limit")  # of a membership (R73)
        return given if limit is None else given & _names(limit)

    def _passed(self, ancestor: uuid.UUID, descendant: uuid.UUID) -> frozenset[str]:
        """What the modes of the links from the one down to the other let pass."""
        found, place = EVERYTHING, descendant
        while place != ancestor:
            found &= passing(ParentAccess(self._rows[place].parent_access))
            place = self._rows[place].parent_id
        return found

    def _shared(self, share: Row[Any]) -> frozenset[str]:
        given = self._gives(share.role_id or BuiltinRole.ADMINISTRATOR.id, Relation.MEMBER)
        if share.areas is not None:
            given = frozenset(name for name in given if area_of(name) in share.areas) | {"ACCOUNT_READ"}
        return frozenset(name for name in given if area_of(name) not in share.hidden_areas)

    def _gives(self, role_id: uuid.UUID, relation: Relation) -> frozenset[str]:
        key, answers = (role_id, relation), _BUILT_IN if role_id in _BUILT_IN_IDS else self._answers
        if key not in answers:
            answers[key] = frozenset(
                permission.name
                for permission in Permission
                if self._enforcer.enforce(
                    str(role_id), relation.value, permission.area.value, permission.action
                )
            )
        return answers[key]


def _lines_of(forest: Sequence[Account]) -> Select[Any]:
    """The policy of the built-in roles and of those that can be held in the forest. casbin looks at each line
    for each question, and other tests leave thousands."""
    master = roles.c.master_id
    held = select(roles.c.id).where(or_(master.is_(None), master.in_({account.master for account in forest})))
    return select(role_policy_lines).where(role_policy_lines.c.role_id.in_(held))


def _names(mask: int) -> frozenset[str]:
    return frozenset(permission.name for permission in Permission if mask & permission.bit)


def _holds(row: Row[Any]) -> bool:
    ended = any(row._mapping.get(name) is not None for name in ("revoked_at", "ended_at"))
    now = datetime.datetime.now(datetime.UTC)
    return not ended and (row.expires_at is None or row.expires_at > now)
