"""Workers of a test, and the gateway of SMS that they hand messages to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import orjson
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.transports.sms_gateway import SmsGateway
from tests.areas.messages.site import Site


@dataclass
class Gateway:
    """Takes what it gets, but for numbers in `refused`. Of those in `garbled` it does not say so."""

    refused: set[str] = field(default_factory=set)
    garbled: set[str] = field(default_factory=set)
    taken: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sms: dict[str, str] = orjson.loads(await Request(scope, receive).body())
        if sms["to"] in self.refused:
            await Response("Unknown number", 400)(scope, receive, send)
            return
        self.taken.append(sms)
        if sms["to"] in self.garbled:
            await Response("<html>", 200)(scope, receive, send)
            return
        await Response(orjson.dumps({"id": f"gateway-{len(self.taken)}"}), 202)(scope, receive, send)


@dataclass(frozen=True)
class SmsSite:
    """Workers with a gateway."""

    site: Site
    gateway: Gateway


@pytest.fixture
async def sms_site(site: Site) -> AsyncIterator[SmsSite]:
    gateway = Gateway()
    config = uvicorn.Config(gateway, log_config=None, lifespan="off", ws="none")
    server, listener = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    transport = SmsGateway(f"http://127.0.0.1:{listener.getsockname()[1]}/sms", b"a secret of the gateway")
    yield SmsSite(replace(site, sms=transport), gateway)
    await transport.close()
    server.should_exit = True
    await serving
    listener.close()
