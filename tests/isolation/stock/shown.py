"""Items of answers as `StockSight` tells them."""

from collections.abc import Callable, Set
from typing import Any

from tests.isolation.sight import Json, id_of


def shown(field: str, node: Json) -> Any:
    """What of an item is compared."""
    return _SHOWN[field](node) if field in _SHOWN else node["id"]


def entry(node: Json, known: Set[str], hidden: str) -> tuple[Any, ...]:
    """An entry of a block list; `hidden` in place of an id that is not known."""
    return (
        node["id"] if node["id"] in known else hidden,
        node["address"],
        node["hash"],
        node["source"],
        node["enteredById"],
        node["isInherited"],
        id_of(node["inheritedFrom"]),
    )


def _sender_name(node: Json) -> tuple[Any, ...]:
    name = node["senderName"]
    own = name["value"], name["ownValue"], name["origin"], name["isLocked"], name["locksBelow"]
    return *own, id_of(name["inheritedFrom"]), id_of(name["lockedBy"])


def _reached(node: Json) -> tuple[Any, ...]:
    causes = [
        (found["cause"], found["isInherited"], id_of(found["account"]), found["liftedBy"])
        for found in node["exclusions"]
    ]
    return node["marketing"], node["transactional"], frozenset(causes)


_SHOWN: dict[str, Callable[[Json], Any]] = {
    "contacts": lambda node: (
        node["id"],
        node["email"],
        tuple(place["list"]["id"] for place in node["lists"]["nodes"]),
    ),
    "contactLists": lambda node: (
        node["id"],
        node["contacts"]["totalCount"],
        tuple((contact["id"], contact["email"]) for contact in node["contacts"]["nodes"]),
    ),
    "contactAttributes": lambda node: node["name"],
    "templates": lambda node: (
        node["id"],
        node["name"],
        tuple(version["number"] for version in node["versions"]["nodes"]),
    ),
    "jobs": lambda node: (node["id"], id_of(node["account"])),
    "domains": lambda node: (node["id"], node["name"], id_of(node["account"])),
    "webhooks": lambda node: (node["id"], node["url"], id_of(node["account"])),
    "settings": _sender_name,
    "review": lambda node: (node["id"], node["status"], node["contacts"], id_of(node["account"])),
    "deliverability": _reached,
    "settingsDiff": lambda node: [
        (found["setting"], found["a"]["value"], found["b"]["value"]) for found in node["differences"]["nodes"]
    ],
}
"""By a field."""
