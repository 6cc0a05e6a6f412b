"""Large data: trees of 21 accounts as rows, made without the database and without the rules."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Table

from authz.callers.tokens import TokenKind, digest_of, generate
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS
from models.accounts.tables import AccountStatus, accounts
from models.base.ids import Kind, new_id, present
from models.base.text_forms import forms_of
from models.people.users import users
from resolvers.effects.event_types import EventType

# The parent of each account of a tree: 12 below the master, 5 below some of these, 3 below some of those.
PARENTS: tuple[int | None, ...] = (None, *(12 * [0]), 1, 2, 3, 4, 5, 13, 14, 15)
ACCOUNTS_OF_A_TREE = len(PARENTS)
PEOPLE_OF_A_TREE = 40
MEMBERS_OF_AN_ACCOUNT = 8

_MASTER_ROLES = (BuiltinRole.OWNER, BuiltinRole.ADMINISTRATOR, BuiltinRole.FINANCE)
_SUBACCOUNT_ROLES = (BuiltinRole.ADMINISTRATOR, BuiltinRole.FINANCE, BuiltinRole.MARKETER)

NAME_FORMS = ("sort_key", "search_key")
_FORMS_OF_PEOPLE = (*NAME_FORMS, "initials")

COLUMNS = {
    "users": (
        *("id", "name", "email", "email_canonical", "password_hash", "email_verified_at"),
        *_FORMS_OF_PEOPLE,
    ),
    "accounts": ("master_id", "id", "parent_id", "external_id", "name", "status", *NAME_FORMS),
    "events": (
        *("master_id", "account_id", "id", "type", "actor_user_id", "actor_account_id", "subject_id"),
        "after",
    ),
    "account_closure": ("master_id", "ancestor_id", "descendant_id", "depth"),
    "memberships": ("master_id", "account_id", "id", "user_id", "role_id"),
    "ownerships": ("user_id", "master_id", "account_id"),
    "api_keys": ("master_id", "account_id", "id", "name", "digest", "last_four", "role_id", "scopes"),
}
"""What is written, in the order that foreign keys ask for."""


@dataclass(frozen=True)
class Rows:
    """Rows for the tables of COLUMNS."""

    by_table: dict[str, list[tuple[object, ...]]] = field(
        default_factory=lambda: {table: [] for table in COLUMNS}
    )

    def add(self, table: str, *row: object) -> None:
        """One more row, in the order of the table's COLUMNS."""
        self.by_table[table].append(row)


def rows_of_trees(numbers: Iterable[int], password_hash: str) -> Rows:
    """The rows of one tree for each number; the numbers are for names alone. Everybody has the password."""
    rows = Rows()
    for number in numbers:
        _add_tree(rows, number, password_hash)
    return rows


def _add_tree(rows: Rows, number: int, password_hash: str) -> None:
    people = [
        _add_person(rows, f"Person {number}-{index}", password_hash) for index in range(PEOPLE_OF_A_TREE)
    ]
    paths: list[tuple[uuid.UUID, ...]] = []
    for index, parent in enumerate(PARENTS):
        above = () if parent is None else paths[parent]
        path = (*above, new_id())
        paths.append(path)
        name = f"Account {number}-{index}"
        _add_account(rows, path, index, name)
        _add_creation(rows, path, name, people[0])
        _add_members(rows, path, index, people)
        _add_api_key(rows, path)
    rows.add("ownerships", people[0], paths[0][0], paths[0][0])


def _add_person(rows: Rows, name: str, password_hash: str) -> uuid.UUID:
    user_id = new_id()
    email = f"person-{user_id.hex[-15:]}@example.com"
    verified_at = datetime.datetime.now(datetime.UTC)
    forms = _forms(users, name, _FORMS_OF_PEOPLE)
    rows.add("users", user_id, name, email, email, password_hash, verified_at, *forms)
    return user_id


def _add_account(rows: Rows, path: tuple[uuid.UUID, ...], index: int, name: str) -> None:
    account_id, parent_id = path[-1], path[-2] if len(path) > 1 else None
    status = AccountStatus.SUSPENDED if index % 10 == 9 else AccountStatus.ACTIVE
    external_id = f"E-{index}" if parent_id else None
    row = (path[0], account_id, parent_id, external_id, name, status.value)
    rows.add("accounts", *row, *_forms(accounts, name, NAME_FORMS))
    for depth, ancestor_id in enumerate(reversed(path)):
        rows.add("account_closure", path[0], ancestor_id, account_id, depth)


def _add_creation(rows: Rows, path: tuple[uuid.UUID, ...], name: str, owner_id: uuid.UUID) -> None:
    """Each log begins with the creation of its account: one without any event is missing."""
    after = {"name": name, **({"parent": present(Kind.ACCOUNT, path[-2])} if len(path) > 1 else {})}
    type_, subject_id = EventType.ACCOUNT_CREATED.value, present(Kind.ACCOUNT, path[-1])
    what = (type_, owner_id, path[0], subject_id, orjson.dumps(after).decode())
    rows.add("events", path[0], path[-1], new_id(), *what)


def _forms(table: Table, name: str, columns: Sequence[str]) -> list[object]:
    forms = forms_of(table, name)
    return [forms[column] for column in columns]


def _add_members(rows: Rows, path: tuple[uuid.UUID, ...], index: int, people: list[uuid.UUID]) -> None:
    roles = _SUBACCOUNT_ROLES if index else _MASTER_ROLES
    for place in range(MEMBERS_OF_AN_ACCOUNT):
        # The first two people are in the master account alone; the others are spread over the tree.
        person = people[2 + (index * 5 + place * 7) % (PEOPLE_OF_A_TREE - 2)] if index else people[place]
        role = roles[place] if place < len(roles) else BuiltinRole.ANALYST
        rows.add("memberships", path[0], path[-1], new_id(), person, role.id)


def _add_api_key(rows: Rows, path: tuple[uuid.UUID, ...]) -> None:
    secret = generate(TokenKind.API_KEY)
    role = BuiltinRole.ADMINISTRATOR.id
    digest, last_four = digest_of(secret), secret[-4:]
    rows.add("api_keys", path[0], path[-1], new_id(), "First key", digest, last_four, role, ALL_PERMISSIONS)
