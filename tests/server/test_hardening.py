"""T30: what the defaults of the server's libraries get wrong, each with the tests that fail without its mend;
and the mends that have no test elsewhere."""

import ast
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from packaging.requirements import Requirement
from packaging.version import Version

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import Kind, present
from server.edge.http_protocol import HttpProtocol
from server.settings.settings import Settings
from server.start import serve as serving
from tests.client.api import Api
from tests.world.staff import staff_member
from tests.world.world import World

CHECKOUT = Path(__file__).parents[2]

_HTTP = "tests/server/graphql/test_graphql_http.py"
_MALFORMED = "tests/server/edge/test_malformed_requests.py"
_MATRIX = "tests/authz/matrix/test_caller_matrix.py"
_PERSISTED = "tests/server/graphql/test_persisted_queries.py"
_THIS = "tests/server/test_hardening.py"

LINES = {
    # GraphQL over HTTP
    "JSON that is no object, deeply nested, with long integers, invalid UTF-8, surrogates or NaN is 500": [
        f"{_MALFORMED}::test_malformed_bodies",
        f"{_MALFORMED}::test_malformed_query_strings",
        f"{_MALFORMED}::test_more_objects_and_lists_than_a_request_needs",
    ],
    "refusals are plain text, and request errors have the status 200 in both media types": [
        f"{_HTTP}::test_request_errors",
        f"{_HTTP}::test_failures",
        f"{_HTTP}::test_nothing_acceptable",
        f"{_MALFORMED}::test_other_methods",
        f"{_MALFORMED}::test_other_content_types",
        f"{_MALFORMED}::test_the_longest_body",
        "tests/server/fairness/test_admission.py::test_too_many_at_once_are_refused",
        "tests/server/graphql/test_audit.py::test_the_official_audit_finds_nothing",
    ],
    "partial data is refused with a status": [f"{_HTTP}::test_what_a_resolver_raises_is_masked_and_logged"],
    "of two operations without a name the first is run": [f"{_MALFORMED}::test_malformed_bodies"],
    "application/json-evil, forms and parts are accepted": [
        f"{_MALFORMED}::test_other_content_types",
        "tests/browser/other_origin/test_forgeries.py::test_a_foreign_page_does_nothing",
    ],
    "a mutation runs by GET": [
        f"{_HTTP}::test_a_mutation_runs_by_post_and_not_by_get",
        f"{_PERSISTED}::test_a_mutation_by_its_hash_runs_by_post_alone",
    ],
    "a hash without a query is a plain 400, which breaks clients": [
        f"{_PERSISTED}::test_a_client_of_others_sends_the_text_once",
        f"{_PERSISTED}::test_a_text_that_is_not_its_hashs_neither_runs_nor_stays",
    ],
    "limits of depth and aliases are exponential in fragments, and fail at unknown fields": [
        "tests/server/graphql/test_bombs.py::test_a_document_takes_little_of_the_processor",
        "tests/server/graphql/test_bombs.py::test_variables_take_little_of_the_processor",
        "tests/server/graphql/test_document_limits.py::test_a_document_beyond_a_limit",
    ],
    "cost does not follow the values of first and last": [
        "tests/engine/test_limits.py::test_the_cost_follows_the_lengths_of_pages",
        "tests/engine/test_limits.py::test_fragments_cost_as_much_as_what_stands_in_them",
    ],
    "masking masks validation errors, and lets causes through": [
        f"{_HTTP}::test_request_errors",
        f"{_HTTP}::test_an_error_for_the_client_passes",
        f"{_HTTP}::test_what_a_resolver_raises_is_masked_and_logged",
        "tests/server/failures/test_told_errors.py::test_an_error_around_any_other_is_masked_with_its_extensions",
        "tests/server/failures/test_value_masking.py::test_no_value_is_repeated_for_any_input_type",
    ],
    "strangers are told names of fields": [f"{_HTTP}::test_names_are_suggested_to_those_with_a_token_alone"],
    "NUL, surrogates and long strings reach the database": [
        "tests/bad_input/test_texts.py::test_texts_that_cannot_be_stored_are_refused_in_every_field_of_every_mutation",
        "tests/bad_input/test_texts.py::test_texts_that_cannot_be_stored_are_refused_in_every_query",
        "tests/bad_input/test_texts.py::test_a_literal_in_the_document_is_looked_at_too",
    ],
    # uvicorn and Starlette
    "headers have no limit of size": [
        "tests/server/edge/test_heads.py::test_a_head_that_is_too_large",
        "tests/server/edge/test_heads.py::test_what_follows_a_chunked_body_is_no_header_and_has_an_end",
    ],
    "headers have no limit of time": [
        "tests/server/edge/test_slow_clients.py::test_who_is_silent_is_told_so",
        "tests/server/edge/test_slow_clients.py::test_a_steady_trickle_is_too_slow",
    ],
    "half-open connections keep out others": [
        "tests/server/edge/test_places.py::test_connections_without_a_whole_request_make_room",
        "tests/server/edge/test_places.py::test_the_oldest_makes_room_and_others_go_on",
    ],
    "bodies have no limit": [
        f"{_MALFORMED}::test_the_longest_body",
        "tests/server/http/test_byte_budget.py::test_whoever_holds_too_much_is_refused_and_nobody_else",
    ],
    "any host is served": [
        "tests/server/edge/test_host_check.py::test_another_host_is_refused_also_after_one_of_ours"
    ],
    "BaseHTTPMiddleware does not see websockets": [
        f"{_THIS}::test_middleware_is_plain_asgi",
        "tests/server/logs/test_request_log.py::test_websockets_have_an_id_and_a_line",
    ],
    "uvicorn names itself, waits without end, and believes what headers say of the client": [
        f"{_THIS}::test_what_the_server_is_started_with",
        "tests/server/start/test_serve.py::test_a_trusted_proxy_says_where_the_client_is",
        "tests/server/start/test_serve.py::test_stalled_clients_stop_nobody_and_not_the_servers_end",
    ],
    # Incidents of others
    "versions with known holes": [f"{_THIS}::test_no_version_with_a_known_hole_can_be_installed"],
    "only the first of a batch is authorized": [
        f"{_MALFORMED}::test_malformed_bodies",
        f"{_MATRIX}::test_nodes_answers_as_node_does",
        "tests/areas/effects/test_throttling.py::test_aliases_of_one_request_count_each",
    ],
    "node goes around a field's rule": [
        f"{_MATRIX}::test_nodes_of_every_kind",
        "tests/authz/matrix/test_hidden_areas.py::test_nothing_of_a_hidden_area_is_a_node",
    ],
    "a list without a filter by its owner": [
        f"{_MATRIX}::test_query",
        "tests/isolation/test_oracle.py::test_everybody_sees_and_does_what_the_rules_say_and_nothing_else",
    ],
    "a tenant with the id 0 is everybody's": [f"{_THIS}::test_no_id_is_magic"],
    "a check that nobody awaited is true": [
        f"{_THIS}::test_what_is_always_true_is_no_condition",
        f"{_MATRIX}::test_mutation",
    ],
}
"""What goes wrong, and the tests that show it."""


@pytest.mark.parametrize("line", LINES)
def test_each_line_has_its_tests(line: str) -> None:
    assert LINES[line]
    for test in LINES[line]:
        path, _, name = test.partition("::")
        tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
        assert name in {getattr(node, "name", None) for node in tree.body}, test


_FLOORS = {
    "strawberry-graphql": "0.327.2",
    "graphql-core": "3.3.1",
    "starlette": "1.3.1",
    "simpleeval": "1.0.5",
    "h11": "0.16.0",
}
"""The oldest versions without a known hole."""
_LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")


@pytest.mark.parametrize("package", _FLOORS)
def test_no_version_with_a_known_hole_can_be_installed(package: str) -> None:
    """Neither by the locks, nor by what the project asks for itself."""
    floor = Version(_FLOORS[package])
    assert Version(version(package)) >= floor
    for lock in _LOCKS:
        (locked,) = re.findall(
            rf"^{package}==(\S+)", (CHECKOUT / lock).read_text(encoding="utf-8"), re.MULTILINE
        )
        assert Version(locked) >= floor, lock
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    if package in asked:
        lowest = [Version(each.version) for each in asked[package] if each.operator in {">=", "~=", "=="}]
        assert lowest, package
        assert max(lowest) >= floor


def test_what_the_server_is_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    configs: list[uvicorn.Config] = []

    def seen(server: uvicorn.Server, sockets: Any = None) -> None:
        configs.append(server.config)

    monkeypatch.setattr(uvicorn.Server, "run", seen)
    settings = Settings(port=0)
    with serving.open_listener(settings) as listener:
        serving.run(settings, "postgresql://nobody@127.0.0.1:1/nothing", listener, workers=1)
        proxied = settings.model_copy(update={"trusted_proxies": "10.0.0.0/8"})
        serving.run(proxied, "postgresql://nobody@127.0.0.1:1/nothing", listener, workers=1)
    config, behind = configs
    assert config.http is HttpProtocol
    assert config.timeout_graceful_shutdown == serving.GRACE_SECONDS == 20
    assert not config.server_header
    assert not config.access_log, "it would have query strings"
    assert (config.proxy_headers, config.forwarded_allow_ips) == (False, [])
    assert (behind.proxy_headers, behind.forwarded_allow_ips) == (True, "10.0.0.0/8")


def test_middleware_is_plain_asgi() -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (CHECKOUT / "server").rglob("*.py")}
    assert len(sources) > 100
    assert [
        path for path, text in sources.items() if re.search(r"BaseHTTPMiddleware|\.middleware\(", text)
    ] == []


async def test_no_id_is_magic(api: Api, world: World) -> None:
    """For owners, and for staff, who see all master accounts."""
    owner = await world.member(await world.account(), BuiltinRole.OWNER)
    for caller in (owner, await staff_member(world)):
        for number in (0, 1, 2**128 - 1):
            id_ = present(Kind.ACCOUNT, UUID(int=number))
            answer = await api.ask("query ($id: ID!) { node(id: $id) { id } }", caller, id=id_)
            assert (answer.data, answer.errors) == ({"node": None}, [])
            found = await api.ask("query ($id: ID!) { account(id: $id) { id } }", caller, id=id_)
            assert (found.data, found.codes) == ({"account": None}, ["NOT_FOUND"])


def test_what_is_always_true_is_no_condition() -> None:
    """mypy refuses a coroutine as a condition; and nobody gives Strawberry a class of permissions."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "truthy-bool" in project["tool"]["mypy"]["enable_error_code"]
    assert project["tool"]["mypy"]["strict"]
    for package in ("schema", "engine", "resolvers", "authz"):
        for path in (CHECKOUT / package).rglob("*.py"):
            assert not re.search(r"permission_classes|BasePermission", path.read_text(encoding="utf-8")), path
