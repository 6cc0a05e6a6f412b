"""Sentences of graphql-core and Strawberry without the values that they repeat.

What a client sent may be a secret in the wrong place, and an error goes into logs and onto screens. The type,
the path and the names stay; so do the values that an enum has, where one of them may have been meant.
"""

import re

_ENUM_VALUES = r" Did you mean the enum value (?:'\w+'(?:, or |, | or )?)+\?"

_MASKS = [
    (re.compile(pattern, re.DOTALL), masked)
    for pattern, masked in (
        # The value is always last, but for what was perhaps meant.
        (rf"( cannot represent (?:[\w -]* )?value): .*?({_ENUM_VALUES})?$", r"\1.\2"),
        (r"(Value cannot represent a \w+): .*$", r"\1."),
        (r"Value '.*' does not exist in '(\w+)' enum\.", r"The value does not exist in '\1' enum."),
        (r", but encountered error '.*$", "."),
        (r", found: .*$", "."),
        (r"(\?) Found: .*$", r"\1"),
        (r"((?:found|Unexpected) (?:Name|Int|Float|String|BlockString)) '.*'\.$", r"\1."),
        (r"^(Syntax Error: (?:Invalid|Unexpected) [^:']*): .*$", r"\1."),
        (r"^(Syntax Error: Invalid number, [^']*'\.'), .*$", r"\1."),
    )
]


_NO_VALUE = re.compile(r" not to be None\.$")
"""Python's word for what clients know as null."""

_LONGEST = 1_000
"""Characters of a message that is searched: searching takes time by the square of them."""

_TOO_LONG = "The document is not valid; what is wrong in this place is too long to be told."


def without_values(message: str) -> str:
    """The message without any value that the client sent."""
    if len(message) <= _LONGEST:
        return _masked(message)
    # A long message holds long values, and says what is wrong before and after them.
    half = _LONGEST // 2
    ends = message[:half] + message[-half:]
    masked = _masked(ends)
    return masked if masked != ends else _TOO_LONG


def _masked(message: str) -> str:
    for pattern, masked in _MASKS:
        message = pattern.sub(masked, message)
    return _NO_VALUE.sub(" not to be null.", message)
