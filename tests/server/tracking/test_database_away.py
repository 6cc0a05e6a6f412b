"""Without a database pictures and clicks are answered as ever, and nobody is told to be unsubscribed."""

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from models.base.ids import AccountId, MasterId, MessageId
from resolvers.messages.tracking.links import MessageLinks
from resolvers.templates.tracking_links import Click
from server.settings.settings import Settings
from server.start.app import create_app
from tests.server.tracking.conftest import SIGNERS

_NOWHERE = "postgresql://mandant_application@127.0.0.1:1/mandant"
_ID = uuid.UUID("01900000-0000-7000-8000-000000000000")
_LINKS = MessageLinks(
    signer=SIGNERS.links,
    base="",
    master_id=MasterId(_ID),
    account_id=AccountId(_ID),
    message_id=MessageId(_ID),
)


@pytest.fixture
async def lonely(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings, _NOWHERE)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://links.customer.test")
    async with app.router.lifespan_context(app), client as found:
        yield found


async def test_links_answer(lonely: httpx.AsyncClient) -> None:
    assert (await lonely.get(_LINKS.open_url())).status_code == 200
    click = Click(place=0, url="https://example.com/")
    assert (await lonely.get(_LINKS.click_url(click))).status_code == 302
    page = await lonely.get(_LINKS.unsubscribe_url())
    assert (page.status_code, '<form method="post">' in page.text) == (200, True)


async def test_an_unsubscribe_does_not_pretend(lonely: httpx.AsyncClient) -> None:
    answer = await lonely.post(_LINKS.unsubscribe_url())
    assert answer.status_code == 503
    assert "You are not unsubscribed yet" in answer.text
    assert answer.headers["retry-after"]
