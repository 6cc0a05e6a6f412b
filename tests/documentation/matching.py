"""Whether an answer is the one that a page shows, where `...` stands for anything."""

import json
import re
from typing import Any

ANYTHING = "..."


def is_as_shown(shown: Any, found: Any) -> bool:
    """Whether two JSON values are equal; `...` stands for any text, and at a list's end for more items."""
    match shown:
        case str() if ANYTHING in shown:
            return shown == ANYTHING or (isinstance(found, str) and text_is_as_shown(shown, found))
        case dict():
            return (
                isinstance(found, dict)
                and shown.keys() == found.keys()
                and all(is_as_shown(value, found[name]) for name, value in shown.items())
            )
        case list() if shown and shown[-1] == ANYTHING:
            return (
                isinstance(found, list)
                and len(found) >= len(shown) - 1
                and all(map(is_as_shown, shown[:-1], found))
            )
        case list():
            return (
                isinstance(found, list) and len(found) == len(shown) and all(map(is_as_shown, shown, found))
            )
        case _:
            return type(shown) is type(found) and bool(shown == found)


def printed_is_as_shown(shown: str, printed: str) -> bool:
    """What a program printed, as JSON or as text."""
    if not shown.strip().startswith("{"):
        return text_is_as_shown(shown, printed)
    return is_as_shown(*without_extensions(json.loads(shown), json.loads(printed)))


def without_extensions(shown: Any, found: Any) -> tuple[Any, Any]:
    """Both, without those of the answer's extensions that a page does not show."""
    if "extensions" not in shown:
        return shown, {name: value for name, value in found.items() if name != "extensions"}
    extensions = found.get("extensions", {})
    listed = {name: extensions[name] for name in shown["extensions"] if name in extensions}
    return shown, {**found, "extensions": listed}


def text_is_as_shown(shown: str, found: str) -> bool:
    """The same of texts; how much white space there is does not matter."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in shown.split(ANYTHING)]
    return re.fullmatch(r"\s*" + r"\s*.*?\s*".join(parts) + r"\s*", found, re.DOTALL) is not None
