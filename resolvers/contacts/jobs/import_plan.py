"""How the cells of a CSV file become contacts."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from authz.policy.refusals import Refusal, RefusalCode
from models.contacts.tables import AttributeType
from resolvers.contacts.attributes import value_of_text
from resolvers.contacts.cells import ATTRIBUTE, unescaped
from resolvers.contacts.given import GivenContact
from resolvers.inputs.unchanged import UNCHANGED, Unchanged

_OWN = {"email": "email", "phone": "phone", "externalid": "externalId"}
"""What a column can hold beside attributes, by its name in lower case."""


@dataclass(frozen=True)
class ImportPlan:
    """`columns`: for each column of the file `email`, `phone`, `externalId`, `attributes.<name>`, or None for
    what is left out. `lists`: the lists that all contacts are added to, by their global ids."""

    columns: Sequence[str | None]
    lists: Sequence[str]
    source: str
    country: str | None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """The plan as it was stored by `stored`."""
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return dataclasses.asdict(self)

    def contact(self, cells: Sequence[str], types: Mapping[str, AttributeType]) -> GivenContact:
        """The contact of a row. An empty cell leaves its value as it is."""
        own: dict[str, str | Unchanged] = {}
        attributes: dict[str, object] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            text = unescaped(cell.strip())
            if column is None or not text:
                continue
            if column.startswith(ATTRIBUTE):
                name = column.removeprefix(ATTRIBUTE)
                attributes[name] = value_of_text(types[name], text) if name in types else text
            else:
                own[column] = text
        return GivenContact(
            external_id=own.get("externalId", UNCHANGED),
            email=own.get("email", UNCHANGED),
            phone=own.get("phone", UNCHANGED),
            attributes=attributes,
        )


def read_columns(header: Sequence[str], mapping: str | None, attributes: Sequence[str]) -> list[str | None]:
    """What each column of the file holds, by the file's first line.

    `mapping`: a JSON object with a target for each header; null leaves the column out. Headers that are not
    in it mean what they are called. `attributes`: those of the account. Raises BAD_USER_INPUT.
    """
    given = _mapping(mapping)
    unknown = given.keys() - {name.strip() for name in header}
    if unknown:
        raise _refused(f"The file has no column {min(unknown)!r}.")
    columns = [_target(name.strip(), given, attributes) for name in header]
    named = [column for column in columns if column is not None]
    twice = next((column for column in named if named.count(column) > 1), None)
    if twice is not None:
        raise _refused(f"Two columns hold {twice!r}.")
    if not {"email", "phone", "externalId"} & set(named):
        raise _refused("No column holds email, phone or externalId, by which contacts are known.")
    return columns


def _mapping(text: str | None) -> dict[str, str | None]:
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("`columns` is no JSON object.") from error
    if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
        raise _refused("`columns` is no JSON object of texts and nulls.")
    return found


def _target(name: str, given: Mapping[str, str | None], attributes: Sequence[str]) -> str | None:
    if name in given and given[name] is None:
        return None
    wanted = given.get(name) or unescaped(name.removeprefix("\ufeff"))
    if wanted.lower() in _OWN:
        return _OWN[wanted.lower()]
    attribute = wanted.removeprefix(ATTRIBUTE)
    if attribute in attributes:
        return ATTRIBUTE + attribute
    raise _refused(
        f"Column {name!r} holds nothing that the account keeps: name an attribute, or leave the column out "
        "by null in `columns`."
    )


def _refused(message: str) -> Refusal:
    return Refusal(RefusalCode.BAD_USER_INPUT, message, "columns")
