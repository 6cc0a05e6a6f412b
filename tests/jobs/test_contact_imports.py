"""`mandant contacts import`: it uploads a file to a server, and waits until a worker has imported it."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

from authz.policy.builtin_roles import BuiltinRole
from server.embedded_postgres import DatabaseAddresses
from tests.client.api import Api
from tests.server.start.processes import COMMAND, PATIENCE, running
from tests.world.world import World

_KEY = {"MANDANT_CONTACT_KEY": "a secret of the tests"}
_CONTACTS = "query ($id: ID!) { account(id: $id) { contacts(last: 9) { nodes { email source } } } }"


def _import(file: Path, *options: str, token: str) -> "subprocess.CompletedProcess[str]":
    words = [str(COMMAND), "contacts", "import", str(file), *options]
    environment = {**os.environ, "TOKEN": token}
    return subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


async def test_the_command_waits_for_the_worker(
    api: Api, world: World, own: DatabaseAddresses, tmp_path: Path
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    file = tmp_path / "contacts.csv"
    file.write_text("E-Mail,Notes\nann@example.com,x\nnobody,y\n")
    (serving := tmp_path / "serving").mkdir()
    (working := tmp_path / "working").mkdir()
    settings = {"DATABASE_URL": own.application, **_KEY}
    options = ["--account", account.id, "--column", "E-Mail=email", "--column", "Notes=", "--source", "Test"]
    with running(serving, "serve", PORT="0", **settings) as server:
        found = re.search(r"http://[\d.]+:\d+", await asyncio.to_thread(server.wait_for, "/graphql"))
        assert found is not None
        options += ["--url", found[0]]
        with running(working, "worker", **settings) as worker:
            done = await asyncio.to_thread(_import, file, *options, token=owner.token)
            assert worker.terminate() == 0
        assert done.stdout.splitlines() == [
            "1 created, 0 changed, 1 refused.",
            "line 3: email: Not an e-mail address: An email address must have an @-sign.",
        ]
        assert done.returncode == 0, done.stderr
        refused = await asyncio.to_thread(_import, file, *options[:2], *options[-2:], token=owner.token)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "Column 'E-Mail' holds nothing that the account keeps" in refused.stderr
        assert server.terminate() == 0
    away = await asyncio.to_thread(_import, file, *options, token=owner.token)
    assert (away.returncode, away.stdout) == (1, "")
    assert "does not answer" in away.stderr
    shown = (await api.read(_CONTACTS, owner, id=account.id))["account"]["contacts"]["nodes"]
    assert shown == [{"email": "ann@example.com", "source": "Test"}]
