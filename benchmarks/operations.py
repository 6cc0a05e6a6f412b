"""The measured operations, and their requests."""

import enum
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import orjson

from benchmarks.data import SEED, Tree, global_id
from models.base.ids import AccountId

CONNECTIONS = 16
"""The number of clients. Each waits for its response before the next request."""


class Operation(enum.Enum):
    """A measured operation. The value is its key in results.json."""

    POINT_READ = "point_read"
    PAGE = "page"
    WRITE = "change_of_name"
    TRANSFER = "transfer"
    FAR_READ = "far_read"
    SEND = "message_send"

    @property
    def title(self) -> str:
        """For people."""
        return _TITLES[self]

    @property
    def document(self) -> str:
        """The GraphQL document."""
        return _DOCUMENTS[self]


CHANGES = {Operation.WRITE: 1, Operation.TRANSFER: 2, Operation.SEND: 1}
"""The operations that change something, and how many events each one writes."""

_TITLES = {
    Operation.POINT_READ: "Point read",
    Operation.PAGE: "Page of 20 accounts",
    Operation.WRITE: "Change of a name",
    Operation.TRANSFER: "Transfer of credit",
    Operation.FAR_READ: "Point read with a far field",
    Operation.SEND: "messageSend of one message",
}

_DOCUMENTS = {
    Operation.POINT_READ: "query PointRead($id: ID!) { account(id: $id) { id name kind status } }",
    Operation.PAGE: """query Page {
  viewer {
    accounts(first: 20) {
      nodes {
        id
        name
        kind
        status
        parent { id name }
        members(first: 10) { nodes { id role { name } user { id name email } } }
        viewerPermissions
      }
    }
  }
}""",
    Operation.WRITE: """mutation Write($input: AccountUpdateInput!) {
  accountUpdate(input: $input) { account { id name version } }
}""",
    Operation.FAR_READ: """query FarRead($id: ID!) {
  account(id: $id) { id name kind status contacts(first: 10) { nodes { id email } } }
}""",
    Operation.TRANSFER: """mutation Transfer($input: CreditTransferInput!) {
  creditTransfer(input: $input) { replayed fromAccount { id name } }
}""",
    Operation.SEND: """mutation Send($input: MessageSendInput!) {
  messageSend(input: $input) { outcomes { message { id } } userErrors { code } }
}""",
}

Variables = dict[str, object]


@dataclass(frozen=True)
class Ask:
    """One request: the caller's token and the variables."""

    token: str
    variables: Variables


def asks_of(operation: Operation, trees: Sequence[Tree]) -> list[Ask]:
    """One request for each tree, in the order of the trees. Writes expect version 1."""
    chance = Random(SEED)
    match operation:
        case Operation.POINT_READ:
            return [Ask(tree.api_key, {"id": global_id(chance.choice(tree.account_ids))}) for tree in trees]
        case Operation.FAR_READ:
            return [Ask(tree.api_key, {"id": global_id(tree.account_ids[0])}) for tree in trees]
        case Operation.PAGE:
            return [Ask(tree.owner_token, {}) for tree in trees]
        case Operation.WRITE:
            return [write(tree.owner_token, chance.choice(tree.active_ids), 1) for tree in trees]
        case Operation.TRANSFER:
            return [
                transfer(tree.owner_token, tree.active_ids[0], chance.choice(tree.active_ids[1:]))
                for tree in trees
            ]
        case Operation.SEND:
            return [send(tree, tree.api_key) for tree in trees]


def write(token: str, account_id: AccountId, version: int) -> Ask:
    """A change of the account's name, with the expected version."""
    values = {"accountId": global_id(account_id), "expectedVersion": version, "name": f"Name {version}"}
    return Ask(token, {"input": values})


def writes(trees: Sequence[Tree]) -> Iterator[Ask]:
    """Endless: each active account in turn, with the version increasing."""
    version = 1
    while True:
        for place in range(max(len(tree.active_ids) for tree in trees)):
            for tree in trees:
                if place < len(tree.active_ids):
                    yield write(tree.owner_token, tree.active_ids[place], version)
        version += 1


def transfer(
    token: str, from_id: AccountId, to_id: AccountId, amount: int = 1, key: str | None = None
) -> Ask:
    """A transfer of credit from one account to another. Without an idempotency key it gets a new one."""
    values = {
        "fromAccountId": global_id(from_id),
        "toAccountId": global_id(to_id),
        "amount": str(amount),
        "idempotencyKey": key or str(uuid.uuid4()),
    }
    return Ask(token, {"input": values})


def transfers(trees: Sequence[Tree]) -> Iterator[Ask]:
    """Endless: from the master account of each tree to a subaccount and back, each time another
    subaccount."""
    place = 1
    while True:
        for tree in trees:
            below = tree.active_ids[place % (len(tree.active_ids) - 1) + 1]
            yield transfer(tree.owner_token, tree.active_ids[0], below)
            yield transfer(tree.owner_token, below, tree.active_ids[0])
        place += 1


def send(tree: Tree, token: str) -> Ask:
    """A message to a new address, from the tree's master account."""
    values = {
        "accountId": global_id(tree.account_ids[0]),
        "stream": "MARKETING",
        "messages": [_message(tree)],
    }
    return Ask(token, {"input": values})


def _message(tree: Tree) -> Mapping[str, str]:
    key = str(uuid.uuid4())
    return {
        "idempotencyKey": key,
        "to": f"person.{key}@example.com",
        "from": f"shop@{tree.master_id}.example.com",
        "subject": "Your order",
        "text": "Thank you! It is on its way.",
    }


def again(operation: Operation, ask: Ask) -> Ask:
    """The request that its caller may send next: the same, or a change that follows on that one."""
    if operation not in CHANGES:
        return ask
    values: dict[str, Any] = dict(cast("Mapping[str, Any]", ask.variables["input"]))
    if operation is Operation.WRITE:
        values |= {"expectedVersion": values["expectedVersion"] + 1, "name": f"{values['name']} again"}
    elif operation is Operation.SEND:
        key = str(uuid.uuid4())
        new = {"idempotencyKey": key, "to": f"person.{key}@example.com"}
        values["messages"] = [{**message, **new} for message in values["messages"]]
    else:
        values["idempotencyKey"] = str(uuid.uuid4())
    return Ask(ask.token, {"input": values})


def body(operation: Operation, ask: Ask) -> bytes:
    """The request's body."""
    return orjson.dumps({"query": operation.document, "variables": ask.variables})
