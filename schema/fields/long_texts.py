"""Texts of inputs that may be longer than all others."""

from collections.abc import Mapping

from models.templates.tables import LONGEST_BODY

LONG_TEXTS: Mapping[str, int] = {"text": LONGEST_BODY, "html": LONGEST_BODY}
"""How many characters they may have, by the name of their field. Other inputs with such a field have shorter
limits of their own."""
