"""Links in messages: what opens, clicks and unsubscribes do, and what programs that look at links do not."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import AccountId, MasterId, new_id
from models.messages.tables import messages
from models.settings.tables import SettingName
from models.statistics.tables import statistic_deltas
from resolvers.templates.tracking_links import Click, LinkSigner, LinkUse, TrackedLink
from tests.client.api import Api
from tests.server.tracking.conftest import SIGNERS, Mailed, mailed
from tests.world.settings import set_setting
from tests.world.suppressions import resubscribe, streams
from tests.world.world import World

_TARGET = "https://example.com/shop?a=1&b=%20#top"
_ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def _path(url: str) -> str:
    return urlsplit(url).path


def _changed(token: str) -> list[str]:
    """The token with each of some characters changed, cut and made longer."""
    swapped = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        for place in range(3, len(token), 7)
    ]
    return [*swapped, token[:-1], token + "A", token + "=", token.upper(), "", "a" * 10_000, "%00", "é"]


async def test_an_open_answers_with_a_picture_and_counts(browser: httpx.AsyncClient, message: Mailed) -> None:
    for _ in range(2):
        answer = await browser.get(_path(message.links.open_url()))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/gif"
        assert "no-store" in answer.headers["cache-control"]
        assert answer.content.startswith(b"GIF89a")
        assert len(answer.content) == 43
    assert await message.events(2) == [("OPEN", None)] * 2


async def test_a_click_leads_on_and_counts(
    browser: httpx.AsyncClient, message: Mailed, database: AsyncEngine
) -> None:
    answer = await browser.get(_path(message.links.click_url(Click(place=0, url=_TARGET))))
    assert (answer.status_code, answer.headers["location"]) == (302, _TARGET)
    assert await message.events(1) == [("CLICK", _TARGET)]
    counted = select(statistic_deltas.c.kind).where(statistic_deltas.c.account_id == message.account.key)
    async with database.connect() as connection:
        assert (await connection.execute(counted)).scalars().all() == ["CLICK"]


async def test_a_changed_link_leads_nowhere(browser: httpx.AsyncClient, message: Mailed) -> None:
    links = message.links
    for url in (links.open_url(), links.click_url(Click(place=0, url=_TARGET)), links.unsubscribe_url()):
        before, token = _path(url)[:3], _path(url)[3:]
        for changed in _changed(token):
            for method in ("GET", "POST") if before == "/u/" else ("GET",):
                answer = await browser.request(method, f"{before}{changed}")
                assert answer.status_code == 404, changed
                assert "location" not in answer.headers
        for other in {"/o/", "/c/", "/u/"} - {before}:
            assert (await browser.get(f"{other}{token}")).status_code == 404
    foreign = LinkSigner([b"a secret of nobody here"])
    link = TrackedLink(
        use=LinkUse.OPEN,
        master_id=links.master_id,
        account_id=links.account_id,
        message_id=links.message_id,
    )
    assert (await browser.get(f"/o/{foreign.token(link)}")).status_code == 404
    await asyncio.sleep(1.5)
    assert await message.events() == []


async def test_looking_at_a_link_does_nothing(
    browser: httpx.AsyncClient, message: Mailed, api: Api, world: World
) -> None:
    """HEAD is answered as GET is, and neither unsubscribes; other methods are refused."""
    links = message.links
    unsubscribe = _path(links.unsubscribe_url())
    for url in (links.open_url(), links.click_url(Click(place=0, url=_TARGET)), links.unsubscribe_url()):
        assert (await browser.head(_path(url))).status_code in (200, 302)
        assert (await browser.put(_path(url))).status_code == 405
    for _ in range(3):
        answer = await browser.get(unsubscribe)
        assert answer.status_code == 200
        assert '<form method="post">' in answer.text
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        assert "ann@example.com" not in answer.text
    await asyncio.sleep(1.5)
    assert await message.events() == []
    owner = await world.member(message.account, BuiltinRole.OWNER)
    assert await streams(api, owner, message.account, "ann@example.com") == "MT"


async def test_one_post_unsubscribes_and_a_second_changes_nothing(
    browser: httpx.AsyncClient, message: Mailed, api: Api, world: World
) -> None:
    """RFC 8058. At once, too; and again after the recipient has subscribed."""
    path = _path(message.links.unsubscribe_url())
    answers = await asyncio.gather(*[browser.post(path, data=_ONE_CLICK) for _ in range(4)])
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all("You are unsubscribed" in answer.text for answer in answers)
    assert await message.events() == [("UNSUBSCRIBE", None)]
    owner = await world.member(message.account, BuiltinRole.OWNER)
    assert await streams(api, owner, message.account, "ann@example.com") == "T"
    assert await streams(api, owner, message.account, "bob@example.com") == "MT"
    assert await resubscribe(api, owner, message.account, "ann@example.com") == "RESUBSCRIBED"
    assert (await browser.post(path)).status_code == 200
    assert await streams(api, owner, message.account, "ann@example.com") == "T"


async def test_the_page_speaks_the_language_of_the_browser(
    browser: httpx.AsyncClient, message: Mailed
) -> None:
    """Whether it asks, is done, or is of no link."""
    path, german = _path(message.links.unsubscribe_url()), {"Accept-Language": "de-AT, en;q=0.5"}
    for method, address, title in (
        ("GET", path, "Abmelden"),
        ("POST", path, "Sie sind abgemeldet"),
        ("GET", f"{path}x", "Dieser Link ist nicht gültig"),
    ):
        answer = await browser.request(method, address, headers=german)
        assert '<html lang="de">' in answer.text
        assert f"<h1>{title}</h1>" in answer.text
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == ("de", "Accept-Language")
    assert '<html lang="en">' in (await browser.get(path)).text


async def test_too_many_posts_are_told_to_wait(browser: httpx.AsyncClient, message: Mailed) -> None:
    path = _path(message.links.unsubscribe_url())
    answers = [await browser.post(path) for _ in range(11)]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert (answers[10].status_code, answers[10].headers["retry-after"]) == (429, "60")


async def test_nothing_is_pretended_of_a_message_that_is_gone(
    browser: httpx.AsyncClient, message: Mailed, database: AsyncEngine
) -> None:
    async with database.begin() as connection:
        await connection.execute(delete(messages).where(messages.c.id == message.key))
    links = message.links
    assert (await browser.post(_path(links.unsubscribe_url()))).status_code == 404
    assert (await browser.get(_path(links.open_url()))).status_code == 200
    await asyncio.sleep(1.5)
    assert await message.events() == []


async def test_an_accounts_own_page_is_told_where_to_unsubscribe(
    browser: httpx.AsyncClient, message: Mailed, world: World
) -> None:
    page = "https://customer.example/bye?language=de#form"
    await set_setting(world, message.account, SettingName.UNSUBSCRIBE_PAGE, page)
    url = message.links.unsubscribe_url()
    answer = await browser.get(_path(url))
    assert answer.status_code == 302
    found = urlsplit(answer.headers["location"])
    assert (found.hostname, found.path, found.fragment) == ("customer.example", "/bye", "form")
    assert parse_qs(found.query) == {"language": ["de"], "unsubscribe": [url]}
    assert await message.events() == []


async def test_a_link_is_counted_ten_times_a_minute(
    browser: httpx.AsyncClient, message: Mailed, world: World
) -> None:
    """Each by itself: another message, and another link, are counted."""
    first, second = (message.links.click_url(Click(place=place, url=_TARGET)) for place in (0, 1))
    other = await mailed(world, message.account)
    for _ in range(15):
        assert (await browser.get(_path(first))).status_code == 302
    await browser.get(_path(second))
    await browser.get(_path(other.links.open_url()))
    assert len(await message.events(11)) == 11
    assert await other.events(1) == [("OPEN", None)]


async def test_a_test_is_shown_and_excludes_nobody(
    browser: httpx.AsyncClient, world: World, api: Api
) -> None:
    account = await world.account()
    test = await mailed(world, account, is_test=True)
    assert (await browser.post(_path(test.links.unsubscribe_url()))).status_code == 200
    assert await test.events(1) == [("UNSUBSCRIBE", None)]
    owner = await world.member(account, BuiltinRole.OWNER)
    assert await streams(api, owner, account, "ann@example.com") == "MT"


@pytest.mark.parametrize("path", ["/graphql", "/", "/readyz"])
async def test_other_paths_still_need_a_host_of_ours(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 400


async def test_the_log_has_no_token(browser: httpx.AsyncClient, message: Mailed) -> None:
    url = message.links.unsubscribe_url()
    with capture_logs() as lines:
        await browser.get(_path(url))
        await browser.get(f"/u/{new_id()}")
    assert {line["path"] for line in lines if line["event"] == "request"} == {"/u/..."}
    assert url.rpartition("/")[2] not in repr(lines)


def test_older_secrets_stay_valid() -> None:
    """As long as they are set."""
    link = TrackedLink(
        use=LinkUse.OPEN, master_id=MasterId(new_id()), account_id=AccountId(new_id()), message_id=new_id()
    )
    old = LinkSigner([b"the old secret"]).token(link)
    assert LinkSigner([b"the new secret", b"the old secret"]).read(old) == link
    assert LinkSigner([b"the new secret"]).read(old) is None
    assert SIGNERS.links.read(old) is None
