"""The stored function that looks at one thing for one caller.

A process watches for all of its subscribers by one statement, which calls this for each. It enters as that
caller, so both walls hold here as in every read.
"""

import re

from authz.callers.principals import ADDRESS_NAME, DIGEST_NAME, KIND_NAME
from engine.compiled.sql_text import Prepared, prepared
from models.base.stored_functions import Rights, StoredFunction
from resolvers.live.watched import BELOW_NAME, SUBJECT_NAME, marks

_PARAMETERS = {
    DIGEST_NAME: "bytea",
    KIND_NAME: "text",
    ADDRESS_NAME: "text",
    "what": "text",
    SUBJECT_NAME: "uuid",
    BELOW_NAME: "boolean",
}
_NUMBERS = {name: number for number, name in enumerate(_PARAMETERS, start=1)}
_PLACE = re.compile(r"\$(\d+)")


def _numbered(mark: Prepared) -> str:
    """The statement, with the function's parameters in place of its own."""

    def parameter(place: re.Match[str]) -> str:
        name = mark.values[int(place[1]) - 1]
        if not isinstance(name, str):
            raise TypeError(f"{name} is a value of nobody's")
        return f"${_NUMBERS[name]}"

    return _PLACE.sub(parameter, mark.sql)


def _body() -> str:
    # A statement for each, because PostgreSQL sets up all that a statement names.
    arms = "".join(
        f"IF ${_NUMBERS['what']} = '{watched.value}' THEN RETURN ({_numbered(prepared(mark))}); END IF; "
        for watched, mark in marks().items()
    )
    entering = f"mandant_enter(${_NUMBERS[DIGEST_NAME]}, ${_NUMBERS[KIND_NAME]}, NULL)"
    declared = f"\n#variable_conflict use_column\nDECLARE entered boolean := {entering};\n"
    return f"{declared}BEGIN {arms}RETURN NULL; END"


_HEAD = ", ".join(f"{name} {type_}" for name, type_ in _PARAMETERS.items())

FUNCTIONS = (StoredFunction(f"mandant_watched({_HEAD}) RETURNS text", _body(), rights=Rights.APPLICATION),)
