"""Checks before anything is measured that all servers return the same data, hide the same and refuse the
same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection

import asyncpg
import orjson

from benchmarks.data import Tree, global_id
from benchmarks.machine import CannotMeasure
from benchmarks.operations import Ask, Operation, body, transfer, write
from benchmarks.servers import MANDANT, Running
from benchmarks.special_callers import Special, open_special_callers
from models.base.ids import AccountId

TREES = 2
"""Operations for the comparison only. They are not measured, because what they are denied is an error."""


@dataclass(frozen=True)
class Case:
    """A request, and what it checks."""

    what: str
    operation: Operation
    ask: Ask


def cases(trees: Sequence[Tree]) -> list[Case]:
    """Each operation by callers who may see all of it, some of it, or nothing."""
    tree, foreign = trees
    callers = {
        "an owner": tree.owner_token,
        "an API key": tree.api_key,
        "finance": tree.finance_token,
        "a member below": tree.member_token,
    }
    master, account, sibling = tree.active_ids[:3]
    elsewhere = foreign.account_ids[0]
    suspended = (set(tree.account_ids) - set(tree.active_ids)).pop()
    found = []
    for who, token in callers.items():
        found += [
            Case(f"{who}, the master", Operation.POINT_READ, _read(token, master)),
            Case(f"{who}, a subaccount", Operation.POINT_READ, _read(token, account)),
            Case(f"{who}, a foreign account", Operation.POINT_READ, _read(token, elsewhere)),
            Case(who, Operation.PAGE, Ask(token, {})),
            Case(f"{who}, a subaccount", Operation.WRITE, write(token, account, 1)),
            Case(f"{who}, a suspended one", Operation.WRITE, write(token, suspended, 1)),
            Case(f"{who}, a foreign one", Operation.WRITE, write(token, elsewhere, 1)),
        ]
        found += [
            Case(f"{who}, down the tree", Operation.TRANSFER, transfer(token, master, account)),
            Case(f"{who}, up the tree", Operation.TRANSFER, transfer(token, account, master)),
            Case(f"{who}, between siblings", Operation.TRANSFER, transfer(token, account, sibling)),
            Case(f"{who}, to a suspended one", Operation.TRANSFER, transfer(token, master, suspended)),
            Case(f"{who}, to a foreign one", Operation.TRANSFER, transfer(token, master, elsewhere)),
            Case(f"{who}, too much", Operation.TRANSFER, transfer(token, master, account, 10**15)),
        ]
    return [*found, Case("an owner, too late", Operation.WRITE, write(tree.owner_token, account, 7))]


def _read(token: str, account_id: AccountId) -> Ask:
    return Ask(token, {"id": global_id(account_id)})


def special_cases(specials: Sequence[Special]) -> Iterator[Case]:
    """For each further rule: what its caller may see and change."""
    for special in specials:
        who, token, account_id = special.who, special.token, special.account_id
        yield Case(who, Operation.POINT_READ, _read(token, account_id))
        yield Case(who, Operation.WRITE, write(token, account_id, 1))
        yield Case(who, Operation.PAGE, Ask(token, {}))


async def check(connection: asyncpg.Connection, servers: Sequence[Running], trees: Sequence[Tree]) -> None:
    """Raises CannotMeasure if a server returns other data than Mandant."""
    specials = await open_special_callers(connection, *trees)
    for case in (*cases(trees), *special_cases(specials)):
        answers = {}
        for running in servers:
            await forget_writes(connection)
            answers[running.server.name] = _data(running, case)
        for name, answer in answers.items():
            if answer != answers[MANDANT.name]:
                raise CannotMeasure(
                    f"{case.operation.title}, {case.what}: {name} answers {_short(answer)}, "
                    f"{MANDANT.name} {_short(answers[MANDANT.name])}."
                )
    await forget_writes(connection)


async def forget_writes(connection: asyncpg.Connection) -> None:
    """Put the data back as they were before the first write: version 1 and the old name of each account, no
    events, no used keys. Transferred credit stays where it is: there is enough of it."""
    await connection.execute("UPDATE accounts SET version = 1, name = 'Name 0' WHERE version > 1")
    await connection.execute("TRUNCATE events, idempotency_records")


def _data(running: Running, case: Case) -> object:
    connection = HTTPConnection(*running.address)
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "authorization": f"Bearer {case.ask.token}",
    }
    connection.request("POST", "/graphql", body(case.operation, case.ask), headers)
    text = connection.getresponse().read()
    connection.close()
    answer = orjson.loads(text)
    if "data" not in answer:
        where = f"{case.operation.title}, {case.what}"
        raise CannotMeasure(f"{where}: {running.server.name} answers {text.decode()}")
    return answer["data"]


def _short(answer: object) -> str:
    return orjson.dumps(answer).decode()[:3000]
