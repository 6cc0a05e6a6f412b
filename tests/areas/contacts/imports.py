"""Files of contacts for tests: uploaded as clients do, imported as workers do."""

from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from engine.writes.sessions import WriteSessions
from models.contacts.job_kinds import CONTACT_JOB
from server.jobs.dispatch import do
from tests.client.api import Api, Caller
from tests.database.job_queue import ready_jobs
from tests.server.deployed import deployed
from tests.world.world import Account

_JOB = """query ($id: ID!) { job(id: $id) { kind status progress { done total } created updated refused
  failure errors(first: 100) { totalCount nodes { line reason } } account { id } startedAt endedAt } }"""


async def import_file(
    api: Api, caller: Caller | None, account: Account, content: str | bytes, **query: str
) -> httpx.Response:
    """Upload a file for the account."""
    headers = {"content-type": "text/csv"}
    if caller is not None:
        headers["authorization"] = f"Bearer {caller.token}"
    return await api.http.post(
        "/contacts", params={"accountId": account.id, **query}, content=content, headers=headers
    )


async def imported(api: Api, caller: Caller, account: Account, content: str | bytes, **query: str) -> str:
    """The id of the job of an upload that must succeed."""
    response = await import_file(api, caller, account, content, **query)
    assert response.status_code == httpx.codes.ACCEPTED, response.text
    return str(response.json()["id"])


async def job_of(api: Api, caller: Caller, job_id: str) -> dict[str, Any]:
    """The job as its viewer sees it."""
    found: dict[str, Any] = (await api.read(_JOB, caller, id=job_id))["job"]
    return found


async def work_off_imports(application: AsyncEngine, account: Account) -> None:
    """Do all jobs about contacts in the account's tree, as a worker would."""
    sessions = WriteSessions(application)
    for job in await ready_jobs(application, CONTACT_JOB):
        if job.master_id == account.master:
            await do(sessions, deployed(), job)


async def export(api: Api, caller: Caller | None, **query: str) -> httpx.Response:
    """Contacts as a file."""
    headers = {} if caller is None else {"authorization": f"Bearer {caller.token}"}
    return await api.http.get("/contacts", params=query, headers=headers)


_CONTACTS = """query ($id: ID!) { account(id: $id) { contacts(last: 100) { nodes {
  externalId email phoneCanonical attributes source lists { nodes { list { name } source } } } } } }"""


async def contacts_in(api: Api, caller: Caller, account: Account) -> list[dict[str, Any]]:
    """The account's contacts, the oldest first."""
    found = (await api.read(_CONTACTS, caller, id=account.id))["account"]["contacts"]["nodes"]
    return list(reversed(found))


async def count_in(database: AsyncEngine, table: Any, account: Account) -> int:
    """How many rows of the table are the account's."""
    async with database.connect() as connection:
        counted = select(func.count()).where(table.c.account_id == account.key)
        return int((await connection.execute(counted)).scalar_one())
