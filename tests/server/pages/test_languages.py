"""Which language a page is in, and that both say the same things."""

import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from authz.policy.refusals import RefusalCode
from resolvers.people.passwords.new_passwords import PASSWORD_RULE
from resolvers.single_sign_on.failures import SignOnFailure
from server.pages import PAGES, Surroundings, page_of_people
from server.pages.files import FOLDER
from server.pages.languages import Language, preferred, refusals, sign_on_failures, texts

HERE = Surroundings(None, "http://pages.example")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT, en;q=0.5", "de"),
        ("DE-ch", "de"),
        ("fr, de;q=0.8, en;q=0.9", "en"),
        ("en;q=0.2,de ; q=0.8", "de"),
        ("fr", "en"),
        ("de;q=0, fr", "en"),
        ("de;q=much", "en"),
        ("*", "en"),
        ("den", "en"),
    ],
)
def test_the_language_that_the_browser_prefers(header: str, expected: str) -> None:
    assert preferred(header).value == expected


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_says_its_language(name: str) -> None:
    transport = httpx.ASGITransport(Starlette(routes=[Route(f"/{name}", page_of_people(name, HERE))]))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example") as client:
        for language in Language:
            answer = await client.get(f"/{name}", headers={"Accept-Language": language.value})
            assert f'<html lang="{language.value}">' in answer.text
            assert f"<title>{texts(language, name)['title']} - Mandant</title>" in answer.text
            assert answer.headers["Content-Language"] == language.value
            assert answer.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("name", [*PAGES, "sign-on-failed", "unsubscribe"])
def test_both_languages_say_the_same_things(name: str) -> None:
    english, german = (texts(language, name) for language in (Language.ENGLISH, Language.GERMAN))
    assert english.keys() == german.keys()
    places = re.compile(r"\{(\w+)\}")
    for key, text in english.items():
        assert text
        assert german[key]
        assert set(places.findall(text)) == set(places.findall(german[key])), key


def test_a_page_uses_all_that_its_texts_hold() -> None:
    """By its template, by a script, or by the frame around it."""
    files = [path for path in (FOLDER / "static").iterdir() if path.suffix in (".html", ".js")]
    used = " ".join(path.read_text(encoding="utf-8") for path in files)
    used += (FOLDER / "people.py").read_text(encoding="utf-8")
    for name in (*PAGES, "sign-on-failed"):
        for key in texts(Language.ENGLISH, name):
            assert re.search(rf'\${key}\b|"{key}"', used), key


def test_failures_that_have_german_words_exist() -> None:
    scripts = " ".join(path.read_text(encoding="utf-8") for path in (FOLDER / "static").glob("*.js"))
    for code in refusals(Language.GERMAN):
        assert code in RefusalCode.__members__ or f'"{code}"' in scripts, code


def test_each_failure_of_single_sign_on_has_german_words() -> None:
    others = {"RATE_LIMITED", "INTERNAL"}
    assert sign_on_failures(Language.GERMAN).keys() == SignOnFailure.__members__.keys() | others


async def test_the_rule_of_passwords_is_the_apis() -> None:
    transport = httpx.ASGITransport(
        Starlette(routes=[Route("/password-reset", page_of_people("password-reset", HERE))])
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example") as client:
        assert PASSWORD_RULE in (await client.get("/password-reset")).text
        german = await client.get("/password-reset", headers={"Accept-Language": "de"})
        assert "10 bis 1.000 beliebige Zeichen" in german.text
