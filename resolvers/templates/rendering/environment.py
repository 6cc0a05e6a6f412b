"""Liquid as templates may use it: strict, without files, with limits.

These limits give a clear answer to what often goes wrong. They do not bound the time: the process's does.
"""

import re
from collections.abc import Callable, Mapping
from io import StringIO
from typing import TextIO

from liquid import BoundTemplate, Environment, Node, RenderContext, Token, TokenStream, Undefined
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.loader import BaseLoader, TemplateSource
from liquid.output import LimitedStringIO
from liquid.parser import get_parser
from liquid.undefined import UNDEFINED

from resolvers.templates.rendering.limits import (
    MOST_FUNCTION_CALLS,
    MOST_LOCAL_BYTES,
    MOST_LOOPS,
    MOST_OUTPUT_BYTES,
)

_REMOVED_TAGS = ("include",)
"""It would let a field function change the variables around it."""

_REMOVED_FILTERS = ("safe", "escapejs")
"""With them a value could become HTML."""

Noted = Callable[[str], None]
"""Takes note of the name of what is missing."""


_PLAIN = re.compile(r"[^\W\d][\w-]*")
"""A name that stands behind a dot as it is."""


class _Context(RenderContext):
    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """As the original; what is not there knows its whole path."""
        found = super().get(path, token=token, default=default)
        if isinstance(found, Undefined):
            found.name = _path(path)
        return found

    def get_buffer(self, buf: TextIO | None = None) -> StringIO:
        """As the original, with line breaks as they are."""
        written = buf.size if isinstance(buf, LimitedStringIO) else 0
        return LimitedStringIO(MOST_OUTPUT_BYTES - written, newline="")


class _Template(BoundTemplate):
    context_class = _Context

    def _get_buffer(self) -> StringIO:
        return LimitedStringIO(MOST_OUTPUT_BYTES, newline="")


class PartEnvironment(Environment):
    """What parts of templates and field functions are parsed and rendered with."""

    loop_iteration_limit = MOST_LOOPS
    local_namespace_limit = MOST_LOCAL_BYTES
    output_stream_limit = MOST_OUTPUT_BYTES
    template_class = _Template

    def _parse(self, source: str) -> list[Node]:
        """As the original; what is wrong is always somewhere."""
        stream = TokenStream(self.tokenizer()(source))
        try:
            return get_parser(self).parse(stream)
        except LiquidError as error:
            if stream.tokens and (error.token is None or error.token.start_index < 0):
                error.token = stream.tokens[min(stream.pos, len(stream.tokens) - 1)]
            raise

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Without what is removed."""
        super().setup_tags_and_filters(extra=extra)
        for tag in _REMOVED_TAGS:
            del self.tags[tag]
        for name in _REMOVED_FILTERS:
            del self.filters[name]


class _FieldFunctions(BaseLoader):
    """What `render` finds: field functions. Each is parsed once. One that is missing is empty."""

    def __init__(self, functions: Mapping[str, str], missing: Noted) -> None:
        self._functions = functions
        self._missing = missing
        self._parsed: dict[str, BoundTemplate] = {}
        self._calls = 0

    def load(self, env: Environment, name: str, **_: object) -> BoundTemplate:
        self._calls += 1
        if self._calls > MOST_FUNCTION_CALLS:
            message = f"field functions are rendered more than {MOST_FUNCTION_CALLS} times"
            raise ResourceLimitError(message, token=None)
        if name not in self._functions:
            self._missing(name)
        if name not in self._parsed:
            self._parsed[name] = env.from_string(self._functions.get(name, ""), name=name)
        return self._parsed[name]

    def get_source(self, env: Environment, template_name: str, **_: object) -> TemplateSource:
        raise NotImplementedError("functions are loaded whole")


def part_environment(
    *, escapes: bool, functions: Mapping[str, str], missing_function: Noted, missing_variable: Noted
) -> PartEnvironment:
    """`escapes`: values are written as text of HTML."""
    return PartEnvironment(
        autoescape=escapes,
        loader=_FieldFunctions(functions, missing_function),
        undefined=_recording(missing_variable),
    )


def _recording(missing: Noted) -> type[Undefined]:
    """Variables that are not there: empty, and noted where they are written. A test for one is no use of
    it."""

    class Missing(Undefined):
        __slots__ = ()

        def __str__(self) -> str:
            missing(self.name)
            return ""

    return Missing


def _path(segments: list[object]) -> str:
    """As it is written in a template."""
    first, *rest = segments
    return str(first) + "".join(
        f".{name}" if isinstance(name, str) and _PLAIN.fullmatch(name) else f"[{name!r}]" for name in rest
    )
