"""Runs Mandant's executor in this process, to measure one part of a request."""

import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from graphql import DocumentNode
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.callers import principals
from authz.callers.principals import Credentials
from benchmarks.operations import Ask
from benchmarks.servers import CONTACT_KEY
from engine.database.pool import Pool
from engine.database.read_connection import ReadConnection
from resolvers.inputs.address_digests import ContactKey
from schema.fields.deployment import Deployment
from schema.root import build_schema
from server.database.connections import data_connection, read_connection
from server.database.read_pools import ReadPools
from server.graphql.runner import OperationRunner
from server.http.request import GraphQLRequest
from server.settings.payments import NoPayments

_ADDRESS = "127.0.0.1"


async def reading(database_url: str, *, is_far: bool) -> ReadConnection:
    """A connection that only reads: of the application, or with `is_far` of the data plane's role."""
    return await (data_connection if is_far else read_connection)(database_url)


class TimedReads(Pool):
    """One connection, which notes how long each statement took, in seconds. `is_far`: it is of the data
    plane's role."""

    def __init__(self, database_url: str, *, is_far: bool = False) -> None:
        super().__init__(lambda: reading(database_url, is_far=is_far), 1)
        self.taken: list[float] = []

    async def row(self, sql: str, values: Sequence[Any]) -> asyncpg.Record | None:
        began = time.perf_counter()
        found = await super().row(sql, values)
        self.taken.append(time.perf_counter() - began)
        return found


class NoReads(Pool):
    """Returns at once, so that everything before the statement can be measured."""

    def __init__(self) -> None:
        super().__init__(_never, 1)

    async def value(self, sql: str, values: Sequence[Any]) -> bytes | None:
        return b"{}"


async def _never() -> ReadConnection:
    raise AssertionError("it has no connections")


def executor(database: AsyncEngine, reads: Pool, far: Pool | None = None) -> OperationRunner:
    """Mandant's executor, with these reads, and these of the data plane or none."""
    return OperationRunner(
        build_schema(),
        database,
        ReadPools(reads, far or NoReads()),
        Deployment(
            public_url="http://localhost",
            payments=NoPayments(),
            contact_key=lambda: ContactKey(CONTACT_KEY.encode()),
        ),
    )


def credentials_of(ask: Ask) -> Credentials:
    """The caller, on this machine."""
    found = principals.credentials_of(ask.token, principals.network_address(_ADDRESS))
    assert found is not None, "the data's tokens are tokens"
    return found


async def answer(executor: OperationRunner, text: str, document: DocumentNode, ask: Ask) -> bytes:
    """The answer of the compiled executor. Raises AssertionError if a part of it was denied."""
    request = GraphQLRequest(text, None, ask.variables)
    found = await executor.compiled(request, document, credentials_of(ask), "")
    assert isinstance(found, bytes), found.errors
    return found
