"""Text that people type."""

from authz.refusals import Refusal, RefusalCode
from models.base import SHORT_TEXT_LENGTH


def short_text(text: str, field: str) -> str:
    """A name, trimmed: 1 to 200 characters, without control characters. Raises BAD_USER_INPUT."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= SHORT_TEXT_LENGTH:
        message = f"Must have 1 to {SHORT_TEXT_LENGTH} characters."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if not trimmed.isprintable():
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Must not hold control characters.", field)
    return trimmed
