"""Texts by which lists are filtered, in the form that is compared."""

from collections.abc import Callable

from authz.policy.refusals import Refusal
from engine.base.field_errors import BadArgument
from engine.declare.arguments import Folded


def given_text(form: Callable[[str, str], str], argument: str) -> Folded:
    """Marks a filter by what is stored in this form. A text that no object can have is refused, so that a
    slip of the client is not taken for an empty list. `form` takes the text and what names it in a refusal:
    the argument, as the API calls it."""

    def folded(text: str) -> str:
        try:
            return form(text, argument)
        except Refusal as refusal:
            raise BadArgument(refusal.message, argument) from refusal

    return Folded(folded)
