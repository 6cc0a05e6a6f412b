"""How contacts are written into the cells of a file, so that it is read again as it was written."""

OWN_COLUMNS = ("externalId", "email", "phone", "source", "createdAt")
"""What a file has beside attributes."""

ATTRIBUTE = "attributes."

FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins so is computed by some spreadsheet. The last four are wide forms of the first four."""

_TAKEN = {name.lower() for name in OWN_COLUMNS}


def escaped(text: str) -> str:
    """A cell that no spreadsheet computes. Where apostrophes are before a formula already, there is one more,
    so that `unescaped` always takes away what was added here."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def unescaped(text: str) -> str:
    """The text that was escaped."""
    is_escaped = text.startswith("'") and text.lstrip("'").startswith(FORMULA)
    return text[1:] if is_escaped else text


def column_of(attribute: str) -> str:
    """The column of an attribute: its name, with `attributes.` before it where a name alone would mean
    something else."""
    is_plain = attribute.lower() not in _TAKEN and not attribute.startswith(ATTRIBUTE)
    return attribute if is_plain else f"{ATTRIBUTE}{attribute}"
