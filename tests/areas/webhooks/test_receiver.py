"""The receiver of the manual takes what is sent, and nothing else."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.areas.webhooks.giving import Webhook, give_webhook
from tests.areas.webhooks.site import Site
from tests.areas.webhooks.test_delivery import log_of, rename
from tests.client.api import Api
from tests.documentation.pages import all_pages
from tests.world.brand import Brand
from tests.world.world import World


def _receiver_of_the_manual(secret: str, monkeypatch: pytest.MonkeyPatch) -> type[BaseHTTPRequestHandler]:
    (page,) = [page for page in all_pages() if page.name == "docs/guide/webhooks.md"]
    (block,) = [block for block in page.blocks if block.language == "python"]
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    names: dict[str, type[BaseHTTPRequestHandler]] = {}
    exec(block.text, names)
    return names["Receiver"]


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/mandant"
        server.shutdown()
        thread.join()


async def test_the_manuals_receiver(
    site: Site,
    api: Api,
    brand: Brand,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    webhook: Webhook = await give_webhook(world, brand.us)
    with _serving(_receiver_of_the_manual(webhook.secret, monkeypatch)) as url:
        await site.set_row(webhook, url=url)
        await rename(api, brand.owner, brand.us, "First", "Second")
        await site.deliver()
        log = await log_of(api, brand.owner, brand.us)
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("ACCOUNT_UPDATED")]
        assert lines == [f"ACCOUNT_UPDATED {brand.us.id}"] * len(log)
        assert await site.statuses(webhook) == ["DELIVERED"] * len(log)
        headers = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
        forged = await asyncio.to_thread(httpx.post, url, content=json.dumps({}), headers=headers)
        assert forged.status_code == 401
