"""The pages' operations, files and headers, without a browser."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from starlette.applications import Starlette
from starlette.routing import Route

from server.pages import PAGES, Surroundings, assets, graphiql_page, page_of_people
from server.pages.documents import data_block
from server.pages.files import FOLDER, OWN_FILES, own_address
from server.pages.graphiql import ANONYMOUS, STAFF, graphiql_document, read_tabs
from server.pages.libraries import (
    LIBRARY_FILES,
    PUBLIC_NETWORK,
    LibraryFile,
    installed_contents,
    integrity_of,
)

SCHEMA = FOLDER.parent.parent / "schema.graphql"
OPERATIONS = sorted((FOLDER / "operations").rglob("*.graphql"))
HERE = Surroundings(None, "http://pages.example")
ADDRESS = re.compile(r'(?:src|href)="([^"]+)"')

needs_npm = pytest.mark.skipif(
    not (FOLDER / "node_modules").is_dir(), reason="npm ci was not run in server/pages"
)


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    people = [Route(f"/{name}", page_of_people(name, HERE)) for name in PAGES]
    routes = [Route("/graphql", graphiql_page()), *people, assets]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example") as client:
        yield client


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    (definition,) = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_an_operation_is_valid_by_the_schema(schema: GraphQLSchema, path: Path) -> None:
    assert validate(schema, parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "path", [path for path in OPERATIONS if path.with_suffix(".json").exists()], ids=lambda path: path.stem
)
def test_the_variables_of_a_tab_fit_its_operation(schema: GraphQLSchema, path: Path) -> None:
    variables = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    definitions = _operation(parse(path.read_text(encoding="utf-8"))).variable_definitions
    assert definitions
    assert {definition.variable.name.value for definition in definitions} == set(variables)
    # What does not fit is answered as a list of errors.
    assert not isinstance(get_variable_values(schema, definitions, variables), list)


def test_a_tab_is_shown_to_those_who_may_send_it(schema: GraphQLSchema) -> None:
    """Each of its fields says what it needs; ACCOUNT_READ belongs to every role."""
    for tab in read_tabs():
        marks = _marks(schema, parse(tab.query))
        if tab.needs == [STAFF]:
            assert "  staff {" in tab.query
            continue
        if tab.needs == [ANONYMOUS]:
            assert "anonymous" in {mark.name.value for mark in marks}, tab.query
            continue
        needed = [set(re.findall('"([A-Z_]+)"', print_ast(mark))) for mark in marks] + [{"ACCOUNT_READ"}]
        held = {*tab.needs, "ACCOUNT_READ"}
        assert [names for names in needed if names and not names & held] == [], tab.query
        assert set(tab.needs) <= set().union(*needed), tab.query


def _marks(schema: GraphQLSchema, document: DocumentNode) -> list[DirectiveNode]:
    """The directives of all fields that a document asks for."""
    types, found = TypeInfo(schema), list[DirectiveNode]()

    class Fields(Visitor):
        def enter_field(self, *_: object) -> None:
            definition = types.get_field_def()
            if definition is not None and definition.ast_node is not None:
                found.extend(definition.ast_node.directives or ())

    visit(document, TypeInfoVisitor(types, Fields()))
    return found


def test_every_file_of_variables_belongs_to_an_operation() -> None:
    variables = set((FOLDER / "operations").rglob("*.json"))
    assert variables
    assert variables <= {path.with_suffix(".json") for path in OPERATIONS}


@pytest.mark.parametrize("path", ["/graphql", *(f"/{name}" for name in PAGES)])
async def test_a_page_runs_nothing_inline_and_is_framed_by_nobody(
    client: httpx.AsyncClient, path: str
) -> None:
    response = await client.get(path)
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(
        policy
    )
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", response.text) == []
    inline = re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", response.text)
    assert inline == [' type="application/json" id="configuration"']


@pytest.mark.parametrize("path", ["/graphql", *(f"/{name}" for name in PAGES)])
async def test_every_file_of_this_server_that_a_page_names_is_served(
    client: httpx.AsyncClient, path: str
) -> None:
    addresses = [
        address
        for address in ADDRESS.findall((await client.get(path)).text)
        if address.startswith("/assets/")
    ]
    assert addresses
    for address in addresses:
        response = await client.get(address)
        assert response.status_code == 200, address
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", OWN_FILES)
async def test_an_own_file_is_served_as_it_is(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(own_address(name))
    assert response.content == (FOLDER / "static" / name).read_bytes()
    assert response.headers["Content-Type"] == OWN_FILES[name]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/package.json",
        "/assets/graphiql@3.9.0/package.json",
        "/assets/%2e%2e/files.py",
        "/assets/..%2ffiles.py",
        own_address("graphiql.html"),
        own_address("../files.py").replace("..", "%2e%2e"),
    ],
)
async def test_a_file_that_is_not_on_the_list_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("file", LIBRARY_FILES, ids=lambda file: file.location)
def test_a_library_version_is_the_locked_one(file: LibraryFile) -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][f"node_modules/{file.package}"]["version"] == file.version
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert package["dependencies"][file.package] == file.version


@needs_npm
@pytest.mark.parametrize("file", LIBRARY_FILES, ids=lambda file: file.location)
def test_a_hash_is_that_of_npms_file(file: LibraryFile) -> None:
    assert integrity_of(file.installed_in(FOLDER / "node_modules").read_bytes()) == file.integrity


@needs_npm
def test_one_changed_byte_in_npms_folder_and_nothing_of_it_is_served(tmp_path: Path) -> None:
    for file in LIBRARY_FILES:
        copy = file.installed_in(tmp_path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.installed_in(FOLDER / "node_modules").read_bytes())
    assert set(installed_contents(tmp_path) or {}) == {file.location for file in LIBRARY_FILES}
    copy.write_bytes(copy.read_bytes() + b" ")
    assert installed_contents(tmp_path) is None


def test_without_npm_the_page_names_each_file_with_its_hash_and_nothing_else_is_let_in() -> None:
    document = graphiql_document(installed=False)
    policy = document.headers["Content-Security-Policy"]
    for file in LIBRARY_FILES:
        address = PUBLIC_NETWORK + file.location
        assert f'="{address}" integrity="{file.integrity}" crossorigin="anonymous"' in document.body
        assert policy.count(address) == 1
    assert policy.count("https:") == len(LIBRARY_FILES)
    installed = graphiql_document(installed=True)
    assert "https:" not in installed.headers["Content-Security-Policy"]
    assert PUBLIC_NETWORK not in installed.body


def test_no_value_ends_the_data_block() -> None:
    value = {"query": "# </script><script>alert(1)</script>"}
    block = data_block(value)
    assert "<" not in block
    assert json.loads(block) == value


async def test_the_invitation_leads_to_the_front_end_where_there_is_one() -> None:
    for app_url, name in (("https://app.example/welcome", "Go on"), (None, "Open GraphiQL")):
        page = page_of_people("invitation", Surroundings(app_url, "https://app.example"))
        transport = httpx.ASGITransport(Starlette(routes=[Route("/invitation", page)]))
        async with httpx.AsyncClient(transport=transport, base_url="http://pages.example") as client:
            text = (await client.get("/invitation")).text
        assert f'<a class="button" href="{app_url or "/graphql"}">{name}</a>' in text
