"""What the README says is true: its query, its tables, its commands."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer.main

from authz.policy.builtin_roles import BuiltinRole, compiled
from authz.policy.permissions import ALL_PERMISSIONS, Area, Permission
from resolvers.sending.address_hash import ContactKey
from server import cli
from server.database.connections import connect_as_application
from server.demo.making import make_demo
from server.demo.story import AGENCY, BRAND, DEMO_PASSWORD, DemoTree
from server.embedded_postgres import DatabaseAddresses
from server.settings.settings import Settings
from server.start.app import create_app
from tests.world.api import Api
from tests.world.database import clone, drop, named
from tests.world.setting_variables import setting_variables

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def _block(language: str, title: str = "") -> str:
    """The first one, or the first below a heading."""
    text = README.split(f"\n## {title}\n")[1] if title else README
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _table(title: str) -> list[list[str]]:
    """The rows of the first table below a heading, without its head."""
    section = README.split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.fixture(scope="module")
async def demo_api(addresses: DatabaseAddresses) -> AsyncIterator[Api]:
    """The application on a database of its own, with the demo in it."""
    name = await clone(addresses.owner)
    url = named(addresses.application, name)
    database = connect_as_application(url, pool_size=2)
    await make_demo(database, "http://mandant.test", ContactKey(b"a secret of the tests"))
    await database.dispose()
    app = create_app(Settings(smtp_url=None), url)
    async with app.router.lifespan_context(app), Api.of(app) as api:
        yield api
    await drop(addresses.owner, name)


@pytest.mark.parametrize(("tree", "title"), [(BRAND, ""), (AGENCY, "Usage")], ids=["accounts", "usage"])
async def test_a_query_gives_the_answer_that_stands_below_it(
    demo_api: Api, tree: DemoTree, title: str
) -> None:
    signed_in = await demo_api.change("signIn", None, "token", email=tree.owner.email, password=DEMO_PASSWORD)
    response = await demo_api.http.post(
        "/graphql",
        json={"query": _block("graphql", title)},
        headers={"Authorization": f"Bearer {signed_in['token']}"},
    )
    assert response.json() == json.loads(_block("json", title))


def test_the_table_of_rights_is_what_casbin_compiled() -> None:
    masks = compiled()
    rows = {row[0]: row[1:] for row in _table("Who may do what")}
    assert list(rows) == [role.name for role in BuiltinRole]
    for role in BuiltinRole:
        own, below, inherited = rows[role.name]
        found = masks[role]
        assert _mask(own) == found.member, role
        assert _mask(below) == found.ancestor, role
        assert (_mask(own) if inherited == "the same" else _mask(inherited)) == found.inherited, role


def _mask(cell: str) -> int:
    if cell == "nothing":
        return 0
    if cell.startswith("all"):
        excepted = cell.removeprefix("all").removeprefix(" but ")
        return ALL_PERMISSIONS & ~sum(Permission[name].bit for name in _names(excepted))
    return sum(
        permission.bit
        for permission in Permission
        if permission.name in _names(cell) or permission.area.name in _names(cell)
    )


def _names(cell: str) -> list[str]:
    names = [name.strip() for name in cell.split(",") if name.strip()]
    assert all(name in Permission.__members__ or name in Area.__members__ for name in names), names
    return names


def test_every_setting_is_listed_with_its_default() -> None:
    rows = {row[0].strip("`"): row[1].strip("`") for row in _table("Configuration")}
    fields = setting_variables()
    assert rows.keys() == fields.keys()
    for name, field in fields.items():
        if not field.is_required() and field.default is not None:
            assert rows[name] == str(field.default), name


def test_every_command_is_listed() -> None:
    commands = typer.main.get_command(cli._commands)
    listed = {row[0].strip("`") for row in _table("Commands")}
    assert listed == {f"mandant {path}" for path in _paths(commands)}


def _paths(command: object, prefix: str = "") -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [prefix.strip()]
    return [path for name, item in inner.items() for path in _paths(item, f"{prefix} {name}")]


def test_the_targets_of_make_exist() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|\$ )make\s+([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
