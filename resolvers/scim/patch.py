"""The operations of a PATCH, applied to a resource as JSON (RFC 7644, 3.5.2), in the dialects of directories.

Entra writes `Replace` and `"False"`, and removes members by a list of values. Okta leaves out the path. Names
of attributes and operations are compared without their case, by the RFC.
"""

import copy
import re
from typing import Any

from resolvers.scim.errors import ScimError, invalid

MOST_OPERATIONS = 1_000
_MEMBERS = "members"
_SCHEMA = re.compile(r"^urn:[\w:.-]*:(?:User|Group|core:2\.0:\w+):", re.IGNORECASE)
_PATH = re.compile(
    r'^(?P<name>[\w$-]+)(?:\[\s*(?P<by>[\w$-]+)\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*\])?'
    r"(?:\.(?P<sub>[\w$-]+))?$",
    re.IGNORECASE,
)

Document = dict[str, Any]


def patched(document: Document, operations: object) -> Document:
    """A copy of the resource with the operations applied, one after the other. Raises ScimError."""
    if not isinstance(operations, list) or not 1 <= len(operations) <= MOST_OPERATIONS:
        raise invalid(f"Operations must be a list of 1 to {MOST_OPERATIONS:,}.", "invalidSyntax")
    found = copy.deepcopy(document)
    for operation in operations:
        if not isinstance(operation, dict):
            raise invalid("An operation must be an object.", "invalidSyntax")
        _apply(found, operation)
    return found


def _apply(document: Document, operation: Document) -> None:
    kind = str(get(operation, "op")).lower()
    path, value = get(operation, "path"), get(operation, "value")
    if kind not in {"add", "replace", "remove"}:
        raise invalid("op must be add, replace or remove.", "invalidSyntax")
    if path is not None and not isinstance(path, str):
        raise invalid("path must be a text.", "invalidPath")
    if path is None:
        if kind == "remove" or not isinstance(value, dict):
            raise invalid(
                "Without a path the value must be an object, and nothing can be removed.", "noTarget"
            )
        for name, each in value.items():
            _at(document, name, kind, each)
        return
    _at(document, path, kind, value)


def _at(document: Document, path: str, kind: str, value: Any) -> None:
    matched = _PATH.match(_SCHEMA.sub("", path))
    if matched is None:
        if path.lower().startswith("urn:"):
            return  # of a schema that is not kept
        raise invalid("The path is not understood.", "invalidPath")
    name = _key(document, matched["name"])
    if matched["by"] is not None:
        _in_list(document, name, matched, kind, value)
    elif matched["sub"] is not None:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            raise invalid("The path leads into no object.", "invalidPath")
        _set(inner, _key(inner, matched["sub"]), kind, value)
    else:
        _set(document, name, kind, value)


def _set(document: Document, name: str, kind: str, value: Any) -> None:
    current = document.get(name)
    if kind == "remove":
        _remove(document, name, current, value)
    elif kind == "add" and isinstance(current, list):
        document[name] = _added(current, value)
    elif isinstance(current, dict) and isinstance(value, dict):
        for inner, each in value.items():
            current[_key(current, inner)] = each
    elif isinstance(current, list) and not isinstance(value, list):
        document[name] = [] if value is None else [value]
    else:
        document[name] = value


def _remove(document: Document, name: str, current: Any, value: Any) -> None:
    """With a list of values only these are removed: else a group would lose all of its members."""
    if isinstance(current, list) and value is not None:
        gone = {_value_of(each) for each in (value if isinstance(value, list) else [value])}
        document[name] = [each for each in current if _value_of(each) not in gone]
    elif isinstance(current, list):
        document[name] = []
    else:
        document.pop(name, None)


def _added(current: list[Any], value: Any) -> list[Any]:
    known = {_value_of(each) for each in current}
    new = value if isinstance(value, list) else [value]
    return [*current, *({_value_of(each): each for each in new if _value_of(each) not in known}.values())]


def _in_list(document: Document, name: str, matched: re.Match[str], kind: str, value: Any) -> None:
    current = document.setdefault(name, [])
    if not isinstance(current, list):
        raise invalid("The path leads into no list.", "invalidPath")
    by, wanted = matched["by"], literal(matched["value"])
    if name.lower() == _MEMBERS and by.lower() != "value":
        # Nothing else is kept of a member, so nobody would be found, and the directory would not notice.
        raise invalid('Members are found by their ids alone: members[value eq "..."].', "invalidFilter")
    these = [each for each in current if isinstance(each, dict) and _is(get(each, by), wanted)]
    if kind == "remove" and matched["sub"] is None:
        document[name] = [each for each in current if not any(each is one for one in these)]
        return
    if not these and kind != "remove":
        these = [{by: wanted}]
        current += these
    for each in these:
        if matched["sub"] is not None:
            _set(each, _key(each, matched["sub"]), kind, value)
        elif isinstance(value, dict):
            each.update(value)
        else:
            raise invalid("The value must be an object.")


def literal(text: str) -> object:
    """The value in a filter."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _is(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return value == wanted


def _value_of(each: Any) -> str:
    found = get(each, "value") if isinstance(each, dict) else each
    if not isinstance(found, str):
        raise ScimError(400, "A value in a list must be a text, or an object with one.", "invalidValue")
    return found


def _key(document: Document, name: str) -> str:
    """The name as the document writes it."""
    return next((key for key in document if key.lower() == name.lower()), name)


def get(document: Document, name: str) -> Any:
    """The attribute, whatever its case; None without it."""
    return document.get(_key(document, name))
