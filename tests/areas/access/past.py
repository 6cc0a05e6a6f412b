"""Asking who could do what in the past."""

import datetime
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.authz.matrix.matrices import Matrix, Place
from tests.client.api import Api, Caller
from tests.world.world import Account

PAST = """query ($id: ID!, $at: DateTime!, $permission: Permission) {
  account(id: $id) { accessAt(moment: $at) { moment entries(permission: $permission, first: 100) {
    totalCount nodes { subjectId kind name permissions } } } } }"""
EXPLAIN_PAST = """query ($account: ID!, $permission: Permission!, $subject: ID, $at: DateTime) {
  explainAccess(accountId: $account, permission: $permission, subject: $subject, at: $at) {
    decision steps { kind effect about policyLine } nearestMisses { sentence } canBeGrantedBy { totalCount }
  }
}"""


async def now(database: AsyncEngine) -> datetime.datetime:
    """The moment, by the database's clock."""
    async with database.connect() as connection:
        found: datetime.datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return found


async def listed_at(
    api: Api, caller: Caller, account: Account, moment: datetime.datetime, permission: str | None = None
) -> dict[str, frozenset[str]]:
    """What each had in the account, by the subjects' ids."""
    values = {"id": account.id, "at": moment.isoformat(), "permission": permission}
    past = (await api.read(PAST, caller, **values))["account"]["accessAt"]
    nodes = past["entries"]["nodes"]
    assert past["entries"]["totalCount"] == len(nodes)
    assert datetime.datetime.fromisoformat(past["moment"]) == moment
    return {node["subjectId"]: frozenset(node["permissions"]) for node in nodes}


async def matrix_at(
    api: Api, caller: Caller, accounts: Iterable[Account], moment: datetime.datetime
) -> dict[Place, frozenset[str]]:
    """The same of several accounts."""
    found = {}
    for account in accounts:
        for subject, permissions in (await listed_at(api, caller, account, moment)).items():
            found[Place(account.id, subject)] = permissions
    return found


async def explained(
    api: Api,
    caller: Caller,
    matrix: Matrix,
    account: Account,
    permission: str,
    moment: datetime.datetime | None = None,
) -> dict[str, Any]:
    """For everybody in the matrix whether they had the permission in the account, and by what."""
    found = {}
    for subject in matrix.names:
        values = {"account": account.id, "permission": permission, "subject": subject}
        at = None if moment is None else moment.isoformat()
        answer = await api.ask(EXPLAIN_PAST, caller, **values, at=at)
        told = (answer.data or {}).get("explainAccess")
        found[subject] = None if told is None else (told["decision"], told["steps"])
    return found
