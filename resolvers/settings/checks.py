"""Values of settings from clients: checked, and in the one form that is stored."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from authz.policy.refusals import Refusal, RefusalCode, item_of
from engine.text.forms import normalised
from models.settings.tables import LONGEST_FUNCTION_NAME, LONGEST_FUNCTION_TEXT, MOST_FIELD_FUNCTIONS
from resolvers.inputs.emails import email_address
from resolvers.settings.values import BounceLimits, CampaignApproval, FieldFunction, QuietHours

MOST_SOFT_BOUNCES = 100
MOST_DAYS = 365
LONGEST_URL = 2_000

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_FUNCTION_NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_FUNCTION_NAME - 1}}}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.ASCII)
_PRINTED = re.compile(r"[!-~]+", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Control characters, but for line breaks and tabs."""


def sender_address(text: str, field: str) -> str:
    """An e-mail address as it was typed. Raises BAD_USER_INPUT."""
    return normalised(email_address(text, field).original)


def https_url(text: str, field: str) -> str:
    """The URL of a page that anybody can open by https. Raises BAD_USER_INPUT."""
    url = text.strip()
    if len(url) > LONGEST_URL:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must have at most {LONGEST_URL} characters.", field)
    if _PRINTED.fullmatch(url) is None or not _leads_somewhere(url):
        message = "Must be an https URL of ASCII characters with the name of a host, and without a password."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return url


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    named = _HOST.fullmatch((parts.hostname or "").lower()) is not None
    return parts.scheme == "https" and named and port != 0 and "@" not in parts.netloc


def campaign_approval(text: str, field: str) -> str:
    """Who has to agree. Raises BAD_USER_INPUT."""
    known = [member.value for member in CampaignApproval]
    if text not in known:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Must be {' or '.join(known)}.", field)
    return text


def bounce_limits(given: BounceLimits, field: str) -> BounceLimits:
    """The limits. Raises BAD_USER_INPUT."""
    if not 1 <= given.soft_bounces <= MOST_SOFT_BOUNCES or not 1 <= given.days <= MOST_DAYS:
        message = f"Must be 1 to {MOST_SOFT_BOUNCES} soft bounces within 1 to {MOST_DAYS} days."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return given


def quiet_hours(given: QuietHours, field: str) -> QuietHours:
    """The hours. Raises BAD_USER_INPUT."""
    if not all(_TIME.fullmatch(time) for time in (given.start, given.end)):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "Times must be HH:MM, from 00:00 to 23:59.", field)
    if given.start == given.end:
        message = "Must not start and end at the same time: nothing would ever be sent."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return given


def field_functions(given: Sequence[FieldFunction], field: str) -> dict[str, str | None]:
    """The texts by their names. None: the account's own is removed. Raises BAD_USER_INPUT."""
    if len(given) > MOST_FIELD_FUNCTIONS:
        message = f"At most {MOST_FIELD_FUNCTIONS} field functions."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    found: dict[str, str | None] = {}
    for index, function in enumerate(given):
        here = item_of(field, index)
        text = _function_text(function, here)
        if function.name in found:
            raise Refusal(RefusalCode.BAD_USER_INPUT, "Each name may stand here once.", here)
        found[function.name] = text
    return found


def _function_text(function: FieldFunction, field: str) -> str | None:
    if _FUNCTION_NAME.fullmatch(function.name) is None:
        message = (
            f"A name must have 1 to {LONGEST_FUNCTION_NAME} small letters a to z, digits and underscores, "
            "and begin with a letter."
        )
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if function.text is None:
        return None
    text = normalised(function.text)
    if not text.strip() or len(text) > LONGEST_FUNCTION_TEXT:
        message = f"A text must have 1 to {LONGEST_FUNCTION_TEXT} characters, and not only spaces."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    if _CONTROLS.search(text) is not None:
        message = "A text must not contain control characters, other than line breaks and tabs."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return text
