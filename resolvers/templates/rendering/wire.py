"""Messages between a server and the process that renders: four bytes of length, then JSON."""

from typing import Any

import orjson

from resolvers.templates.rendering.work import Fault, Part, Rendered, RenderWarning, WarningKind, Work

LENGTH_BYTES = 4


def packed(message: Work | Rendered | Fault) -> bytes:
    """The message as bytes."""
    content = orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)
    return len(content).to_bytes(LENGTH_BYTES, "big") + content


def work_in(content: bytes) -> Work:
    """The work that a message asks for."""
    found = orjson.loads(content)
    return Work(_parts(found["parts"]), found["values"], found["functions"], found["for_display"])


def answer_in(content: bytes) -> Rendered | Fault:
    """The answer that a message brings."""
    found = orjson.loads(content)
    if "message" in found:
        part = found["part"]
        return Fault(found["message"], part and Part(part), found["line"], found["function"])
    warnings = [
        RenderWarning(Part(each["part"]), WarningKind(each["kind"]), each["name"])
        for each in found["warnings"]
    ]
    return Rendered(_parts(found["parts"]), warnings)


def _parts(found: dict[str, Any]) -> dict[Part, str]:
    return {Part(name): text for name, text in found.items()}
