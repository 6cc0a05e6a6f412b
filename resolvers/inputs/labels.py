"""Labels of sends, as clients give them."""

from engine.text.forms import compared
from models.sending.tables import LABEL_LENGTH
from resolvers.inputs.text import visible_text


def read_label(text: str, field: str = "label") -> str:
    """The label, trimmed: 1 to 50 visible characters in one line. Raises BAD_USER_INPUT."""
    return visible_text(text, field, LABEL_LENGTH)


def compared_label(text: str, field: str = "label") -> str:
    """The label in the form that is compared, for whatever goes by labels. Raises BAD_USER_INPUT."""
    return compared(read_label(text, field))
