"""What is asked of the process that renders, and what it answers. Both sides import this module."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class Part(enum.StrEnum):
    """A part of a template."""

    SUBJECT = "subject"
    TEXT = "text"
    HTML = "html"


class WarningKind(enum.Enum):
    """What a rendered template lacks. It is rendered as if it were empty."""

    MISSING_VARIABLE = "MISSING_VARIABLE"
    MISSING_FUNCTION = "MISSING_FUNCTION"


@dataclass(frozen=True)
class RenderWarning:
    """Something that is not there. `name`: of the variable or the field function."""

    part: Part
    kind: WarningKind
    name: str


@dataclass(frozen=True)
class Fault:
    """Why a template cannot be rendered, for people. `function`: the field function that the line is in;
    None: the part itself."""

    message: str
    part: Part | None = None
    line: int | None = None
    function: str | None = None

    def __str__(self) -> str:
        place = "" if self.line is None else f"line {self.line}: "
        inside = "" if self.function is None else f"field function {self.function}, "
        told = inside + place + self.message
        return told[:1].upper() + told[1:]


@dataclass(frozen=True)
class Work:
    """`values`: the variables; None: the parts are only checked. `functions`: the texts of field functions,
    by their names. `for_display`: the HTML is made safe to be shown in a page."""

    parts: Mapping[Part, str]
    values: Mapping[str, object] | None = None
    functions: Mapping[str, str] = field(default_factory=dict)
    for_display: bool = False


@dataclass(frozen=True)
class Rendered:
    """The parts as a recipient gets them."""

    parts: Mapping[Part, str]
    warnings: Sequence[RenderWarning] = ()
