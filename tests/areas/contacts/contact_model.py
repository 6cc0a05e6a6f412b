"""Contacts as a plain list, looked through from its beginning to its end: what upserts, updates and erasures
make of it, by the words of the documentation."""

from dataclasses import dataclass, field
from typing import Any

KEYS = ("externalId", "email", "phone")
"""What a contact is found by, the surest first."""


@dataclass
class Known:
    """A contact of the account: its values as they are compared, and the lists that it is in."""

    values: dict[str, Any]
    lists: set[str] = field(default_factory=set)
    version: int = 1
    id: str = ""

    def has(self, name: str, value: object) -> bool:
        """Whether it has the value."""
        return value is not None and self.values[name] == value


@dataclass
class ContactModel:
    """All contacts of an account."""

    known: list[Known] = field(default_factory=list)

    def upsert(self, request: list[dict[str, Any]]) -> list[str]:
        """The outcome of each, or the code with which it is refused."""
        before = [Known(dict(one.values), set(one.lists), one.version, one.id) for one in self.known]
        found: list[str] = []
        taken: list[dict[str, Any]] = []
        for given in request:
            outcome, touched = self._store(given, before, taken)
            found.append(outcome)
            taken += touched
        return found

    def _store(
        self, given: dict[str, Any], before: list[Known], taken: list[dict[str, Any]]
    ) -> tuple[str, list[dict[str, Any]]]:
        """The outcome, and what no later contact of the request may mean."""
        named = {name: given[name] for name in KEYS if given.get(name) is not None}
        if not named:
            return "BAD_USER_INPUT", []
        meant = [
            place
            for place, one in enumerate(before)
            if any(one.has(name, value) for name, value in named.items())
        ]
        if len(meant) > 1:
            return "CONFLICT", []
        old = before[meant[0]] if meant else None
        if (
            old is not None
            and "externalId" in named
            and old.values["externalId"]
            not in (
                None,
                named["externalId"],
            )
        ):
            return "CONFLICT", []
        base = dict(old.values) if old is not None else dict.fromkeys(KEYS)
        new = base | {name: value for name, value in given.items() if name in KEYS}
        if new["email"] is None and new["phone"] is None:
            return "BAD_USER_INPUT", []
        touched = [new, *([old.values] if old is not None else [])]
        if any(_meet(one, other) for one in touched for other in taken):
            return "CONFLICT", []
        return self._write(meant[0] if meant else None, new, given), touched

    def _write(self, place: int | None, new: dict[str, Any], given: dict[str, Any]) -> str:
        if place is None:
            self.known.append(Known(new, set(given.get("addToLists", ()))))
            return "CREATED"
        one = self.known[place]
        lists = (one.lists | set(given.get("addToLists", ()))) - set(given.get("removeFromLists", ()))
        changed, moved = new != one.values, lists != one.lists
        one.values, one.lists, one.version = new, lists, one.version + changed
        return "UPDATED" if changed or moved else "UNCHANGED"

    def update(self, one: Known, given: dict[str, Any]) -> str:
        """The code with which the update of this contact is refused; empty: it was done."""
        new = one.values | {name: value for name, value in given.items() if name in KEYS}
        if new["email"] is None and new["phone"] is None:
            return "BAD_USER_INPUT"
        if any(_meet(new, other.values) for other in self.known if other is not one):
            return "CONFLICT"
        self._write(self.known.index(one), new, given)
        return ""

    def erase(self, one: Known) -> None:
        """It is gone."""
        self.known.remove(one)


def _meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return any(one[name] is not None and one[name] == other[name] for name in KEYS)
