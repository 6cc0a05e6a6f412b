"""Every thread of the product, and why what it runs may run there: another one needs its reason here.

A library's object is not made for threads unless it says so. What the event loop shares with a thread is
bytes, text and files that one of them has at a time.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from starlette.routing import Route

from server.settings.settings import Settings
from server.start.app import create_app

ROOT = Path(__file__).parents[1]
FOLDERS = ("authz", "engine", "models", "resolvers", "schema", "server")

STARTERS = {
    "to_thread",
    "run_in_executor",
    "run_in_threadpool",
    "start_new_thread",
    "ThreadPoolExecutor",
    "Thread",
    "Timer",
}
"""What starts a thread or gives it work, as asyncio, anyio, Starlette and the standard library call it."""

_ONE = "the one thread of"
_ALONE = "a thread that nobody shares anything with"
_ADDRESSES = "hashlib, hmac, email_validator; and phonenumbers, which loads a country's numbers behind a lock"

ALLOWED = {
    ("authz.policy.custom_roles", "ThreadPoolExecutor"): f"{_ONE} casbin, whose matcher is parsed before",
    (
        "authz.policy.custom_roles.compile_rights",
        "run_in_executor",
    ): "an enforcer of its own, and no ast.parse",
    ("schema.fields.addresses.read_given", "to_thread"): _ADDRESSES,
    ("resolvers.block_list.add.add_entries", "to_thread"): "cryptography: seals with a cipher of its own",
    ("schema.messages.event_mutations.message_events_report", "to_thread"): "values alone",
    (
        "server.graphql.reference_runs._executed",
        "to_thread",
    ): "graphql-core's coercion of values, which keeps nothing; columns are found out once",
    (
        "server.jobs.message_carrier._written",
        "to_thread",
    ): "the standard library's mail; signers that never change, which lru_cache keeps behind its lock",
    ("server.http.request.read_post", "to_thread"): "JSON: bytes become values",
    ("schema.messages.event_mutations._recipients", "to_thread"): _ADDRESSES,
    ("server.feedback.intake.take", "to_thread"): "the standard library's parser, of bytes alone",
    ("server.feedback.sms_intake.take", "to_thread"): _ADDRESSES,
    ("resolvers.contacts.upsert.upsert_contacts", "to_thread"): _ADDRESSES,
    ("resolvers.contacts.change.update_contact", "to_thread"): _ADDRESSES,
    ("resolvers.contacts.jobs.import_reading._read", "to_thread"): _ADDRESSES,
    (
        "resolvers.sending.lists.upload.store_list",
        "to_thread",
    ): "reads a file that its one request waits for",
    ("schema.sending.audiences._read", "to_thread"): "hashlib, hmac and email_validator, which keeps nothing",
    ("resolvers.domains.dkim.made", "to_thread"): "cryptography: makes a key, from nothing",
    ("server.fairness.admission.beside", "run_in_executor"): "plans behind a lock; fragments of its own",
    ("server.embedded_postgres.preparation.prepare_database", "ThreadPoolExecutor"): _ALONE,
    (
        "server.embedded_postgres.supervision.kept_running",
        "Thread",
    ): f"{_ALONE}: starts PostgreSQL's programs",
    ("resolvers.settings.phone_country.in_default_country", "to_thread"): _ADDRESSES,
    ("schema.fields.addresses.read_of_account", "to_thread"): _ADDRESSES,
    ("server.fairness.hashing.run", "run_in_executor"): "argon2: a hasher that is never changed",
    ("server.invoices.download._respond", "to_thread"): "fpdf and fontTools: one file at a time, by a lock",
    ("server.outbox.page", "to_thread"): "the standard library's parser, of the bytes of a file",
    ("server.transports.local_outbox._kept", "to_thread"): "files of its own; it counts them behind a lock",
    ("server.uploads.places.in_thread", "run_in_executor"): "hashes and files of the upload that waits",
    (
        "server.fairness.side_threads.side_thread",
        "ThreadPoolExecutor",
    ): f"{_ONE} whoever asks for it: documents and plans, passwords, uploads",
    ("server.start.serve.print_once_served", "Thread"): f"{_ALONE}: asks by HTTP and prints",
    ("server.start.worker.at_work", "Thread"): "an event loop and connections of its own; ICU under the GIL",
}
"""By the place, as `module.function` or the module itself, and what it calls."""


def _called(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name if name in STARTERS else None
    return None


def _uses(node: ast.AST, place: str) -> Iterator[tuple[str, str]]:
    """Where starters are named, but in imports and annotations of types."""
    for child in ast.iter_child_nodes(node):
        inner = place
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{place}.{child.name}"
        called = _called(child)
        if called is not None:
            yield place, called
        yield from _uses(child, inner)


def _found() -> set[tuple[str, str]]:
    return {
        use
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
        for use in _uses(ast.parse(path.read_text("utf-8")), _module(path))
    }


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def test_every_thread_has_its_reason() -> None:
    """An entry without its use is stale."""
    assert _found() == set(ALLOWED)


def test_a_use_is_found() -> None:
    """By whatever way it is called."""
    source = "import asyncio\nasync def load(path):\n    return await asyncio.to_thread(path.read_bytes)\n"
    assert set(_uses(ast.parse(source), "module")) == {("module.load", "to_thread")}


def test_starlette_starts_none() -> None:
    """It would run an endpoint that is a plain function in a thread of its own."""
    app = create_app(Settings(), "postgresql://nobody@localhost:1/nothing")
    for route in app.routes:
        assert isinstance(route, Route)
        assert not inspect.isfunction(route.endpoint) or inspect.iscoroutinefunction(route.endpoint), route
        assert not inspect.ismethod(route.endpoint) or inspect.iscoroutinefunction(route.endpoint), route
