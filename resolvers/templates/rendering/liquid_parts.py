"""Parts of a template, checked and rendered by Liquid."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from resolvers.templates.rendering.environment import PartEnvironment, part_environment
from resolvers.templates.rendering.limits import LONGEST_SUBJECT, MOST_WARNINGS
from resolvers.templates.rendering.work import Fault, Part, RenderWarning, WarningKind

_LONGEST_MESSAGE = 200
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""What must not stand in a header: line breaks, and other control characters."""


class FaultyError(Exception):
    """A template cannot be rendered."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass
class LiquidParts:
    """Checks and renders. `warnings`: what was missing, each once."""

    functions: Mapping[str, str]
    warnings: dict[RenderWarning, None] = field(default_factory=dict)

    def check(self, part: Part, source: str) -> None:
        """Raises FaultyError for what Liquid does not know, also where it would never be rendered."""
        env = self._environment(part)
        with self._faults(part, source):
            parsed = env.from_string(source)
            _check_filters(part, source, parsed)

    def render(self, part: Part, source: str, values: Mapping[str, object]) -> str:
        """The part with these values. Raises FaultyError."""
        with self._faults(part, source):
            rendered = self._environment(part).from_string(source).render(values)
        if part is Part.SUBJECT:
            return _BREAKS.sub(" ", rendered).strip()[:LONGEST_SUBJECT]
        return rendered

    def _environment(self, part: Part) -> PartEnvironment:
        return part_environment(
            escapes=part is Part.HTML,
            functions=self.functions,
            missing_function=lambda name: self._note(part, WarningKind.MISSING_FUNCTION, name),
            missing_variable=lambda name: self._note(part, WarningKind.MISSING_VARIABLE, name),
        )

    def _note(self, part: Part, kind: WarningKind, name: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings[RenderWarning(part, kind, name[:_LONGEST_MESSAGE])] = None

    @contextmanager
    def _faults(self, part: Part, source: str) -> Iterator[None]:
        try:
            yield
        except LiquidError as error:
            raise FaultyError(self._fault_of(part, source, error)) from error
        except MemoryError as error:
            raise FaultyError(Fault("it takes too much memory.", part)) from error
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            # Filters raise what their libraries raise.
            raise FaultyError(Fault("it cannot be rendered.", part)) from error

    def _fault_of(self, part: Part, source: str, error: LiquidError) -> Fault:
        told, token = error.message, error.token
        message = told[:_LONGEST_MESSAGE] if isinstance(told, str) else "a filter cannot take this value"
        if token is None or token.start_index < 0:
            return Fault(f"{message}.", part)
        line = token.source.count("\n", 0, token.start_index) + 1
        named = (name for name, text in self.functions.items() if text == token.source)
        function = None if token.source == source else next(named, None)
        return Fault(f"{message}.", part, line, function)


def _check_filters(part: Part, source: str, parsed: BoundTemplate) -> None:
    """Liquid itself looks for filters when it renders."""
    for name, spans in parsed.analyze(include_partials=False).filters.items():
        if name not in parsed.env.filters:
            line = source.count("\n", 0, spans[0].index) + 1
            message = f"unknown filter '{name[:_LONGEST_MESSAGE]}'."
            raise FaultyError(Fault(message, part, line))
