"""The languages of the pages, and their texts."""

import enum
import json
from pathlib import Path

FOLDER = Path(__file__).parent / "texts"


class Language(enum.Enum):
    """A language that the pages speak; the value is its tag."""

    ENGLISH = "en"
    GERMAN = "de"


def preferred(accept_language: str) -> Language:
    """The language that the browser would rather have, by its header `Accept-Language`; else English."""
    wanted = [_weighed(item) for item in accept_language.split(",")]
    for tag, weight in sorted(wanted, key=lambda each: -each[1]):
        for language in Language:
            if weight > 0 and tag == language.value:
                return language
    return Language.ENGLISH


def _weighed(item: str) -> tuple[str, float]:
    """`de-AT;q=0.8` is German at 0.8. What cannot be read counts for nothing."""
    tag, _, weight = item.replace(" ", "").lower().partition(";q=")
    try:
        return tag.partition("-")[0], float(weight or "1")
    except ValueError:
        return tag, 0.0


def texts(language: Language, page: str) -> dict[str, str]:
    """What a page says, by key: what all pages say, and its own."""
    whole = _whole(language)
    return whole["common"] | whole[page]


def refusals(language: Language) -> dict[str, str]:
    """What people are told of a failure, by its code, in place of the API's own English words."""
    return _whole(language).get("refusals", {})


def sign_on_failures(language: Language) -> dict[str, str]:
    """Why single sign-on let somebody not in, by the code, in place of the English words."""
    return _whole(language).get("sign-on-failures", {})


def _whole(language: Language) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(
        (FOLDER / f"{language.value}.json").read_text(encoding="utf-8")
    )
    return found
