"""Tags of languages from clients, in the one form that is stored."""

import re

import icu

from authz.policy.refusals import Refusal, RefusalCode
from resolvers.inputs.countries import COUNTRIES

_LANGUAGES = frozenset(icu.Locale.getISOLanguages())
_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE | re.ASCII)


def language(text: str, field: str) -> str:
    """A BCP 47 tag of a language, perhaps with a script and a region: `zh-Hant-TW`. Raises BAD_USER_INPUT."""
    found = _TAG.fullmatch(text.strip())
    if found is not None:
        code, script, region = found.groups()
        known = code.lower() in _LANGUAGES
        if known and (region is None or region.isdigit() or region.upper() in COUNTRIES):
            parts = (code.lower(), script and script.title(), region and region.upper())
            return "-".join(part for part in parts if part)
    message = "Must be a language tag (BCP 47) such as de or de-AT."
    raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
