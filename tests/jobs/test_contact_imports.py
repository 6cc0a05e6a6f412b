"""`mandant contacts import`: it uploads a file to a server, and waits until a worker has imported it.

The server is a process. The command and the worker run in this one: to start each of them would take longer
than all that they do.
"""

import asyncio
import re
from pathlib import Path

from typer.testing import CliRunner, Result

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from server.commands.contacts import GROUP
from server.embedded_postgres import DatabaseAddresses
from server.failures.command_failed import CommandFailed
from server.settings.payments import PracticePayments
from tests.client.api import Api
from tests.jobs.workers import working
from tests.server.start.processes import running
from tests.world.world import World

_KEY = {"MANDANT_CONTACT_KEY": "a secret of the tests"}
_CONTACTS = "query ($id: ID!) { account(id: $id) { contacts(last: 9) { nodes { email source } } } }"


async def _import(file: Path, *options: str, token: str) -> Result:
    """What the command does, in a thread, as it blocks."""
    words = ["import", str(file), *options]
    return await asyncio.to_thread(lambda: CliRunner().invoke(GROUP, words, env={"TOKEN": token}))


def _failure(result: Result) -> str:
    """What the command says on standard error, without having printed anything else."""
    assert result.stdout == ""
    assert isinstance(result.exception, CommandFailed), result.exception
    return str(result.exception)


async def test_the_command_waits_for_the_worker(
    api: Api, world: World, own: DatabaseAddresses, provider: PracticePayments, tmp_path: Path
) -> None:
    account = await world.account()
    owner = await world.member(account, BuiltinRole.OWNER)
    file = tmp_path / "contacts.csv"
    file.write_text("E-Mail,Notes\nann@example.com,x\nnobody,y\n")
    options = ["--account", account.id, "--column", "E-Mail=email", "--column", "Notes=", "--source", "Test"]
    with running(tmp_path, "serve", PORT="0", DATABASE_URL=own.application, **_KEY) as server:
        found = re.search(r"http://[\d.]+:\d+", await asyncio.to_thread(server.wait_for, "/graphql"))
        assert found is not None
        options += ["--url", found[0]]
        async with working(own, provider):
            done = await _import(file, *options, token=owner.token)
        assert done.stdout.splitlines() == [
            "1 created, 0 changed, 1 refused.",
            "line 3: email: Not an e-mail address: An email address must have an @-sign.",
        ]
        assert done.exit_code == 0, done.stderr
        refused = await _import(file, *options[:2], *options[-2:], token=owner.token)
        assert "Column 'E-Mail' holds nothing that the account keeps" in _failure(refused)
        scopes = Permission.ACCOUNT_READ.bit | Permission.CONTACTS_WRITE.bit
        writer = await world.api_key(account, scopes=scopes)
        unseen = _failure(await _import(file, *options, token=writer.token))
        assert re.fullmatch(
            r"The file was taken as job cjob_\S+; to follow it takes CONTACTS_READ\.", unseen
        ), unseen
        assert server.terminate() == 0
    away = await _import(file, *options, token=owner.token)
    assert "does not answer" in _failure(away)
    shown = (await api.read(_CONTACTS, owner, id=account.id))["account"]["contacts"]["nodes"]
    assert shown == [{"email": "ann@example.com", "source": "Test"}]
