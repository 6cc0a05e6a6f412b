"""What a process keeps of what clients send: few texts, and short ones alone, whatever is sent."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authz.callers.principals import network_address
from engine.text.forms import search_key, sort_key
from engine.text.remembered import LONGEST, Remembered
from resolvers.effects.attempts import place_of
from server.edge.host_check import HostCheck
from server.http.media_types import negotiate
from server.http.request import _is_json

ROOT = Path(__file__).parent.parent
LAYERS = ("server", "schema", "resolvers", "authz", "engine", "models")
SENT = 10_000
FEW_BYTES = 8 * 1024 * 1024


async def _serve_nothing(*_: object) -> None:
    raise AssertionError


OF_CLIENT_TEXTS: dict[str, Remembered[Any, Any]] = {
    "Accept": negotiate,
    "Content-Type": _is_json,
    "Host": HostCheck(_serve_nothing, ["*"])._is_allowed,
    "X-Forwarded-For": network_address,
    "names": sort_key,
    "places": place_of,
    "searched texts": search_key,
}
"""Each cache that is asked by what clients choose."""


@pytest.mark.parametrize("what", OF_CLIENT_TEXTS)
def test_ten_thousand_different_texts_leave_little_behind(what: str) -> None:
    ask = OF_CLIENT_TEXTS[what]
    largest = 0
    for number in range(SENT):
        text = f"{number:05}".ljust(LONGEST, "\u6f22")
        asked = text.encode()[:LONGEST] if what == "Host" else text
        largest = max(largest, sys.getsizeof(asked) + sys.getsizeof(ask(asked)))
    kept = len(ask)
    assert 0 < kept * largest < FEW_BYTES
    for number in range(10):
        text = f"{number:05}" + "x" * 10_000
        ask(text.encode() if what == "Host" else text)
    assert len(ask) == kept


def test_what_is_kept_is_answered_alike_and_what_is_long_is_not_kept() -> None:
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    remembering = Remembered(count, 2)
    for _ in range(2):
        assert [remembering("a"), remembering("b" * LONGEST)] == [1, LONGEST]
    assert asked == ["a", "b" * LONGEST]
    for _ in range(2):
        assert remembering("c" * (LONGEST + 1)) == LONGEST + 1
    assert (len(asked), len(remembering)) == (4, 2)
    remembering("d")
    assert len(remembering) == 2


KEPT_FOR_EVER = {
    "authz/guards/acting_grants.py _only_shared": "permissions",
    "authz/guards/acting_grants.py _opening_reason": "permissions",
    "authz/policy/builtin_roles.py compiled": "nothing",
    "authz/explain/granters.py _statement": "permissions",
    "authz/explain/statements.py": "members of enums",
    "authz/guards/locks.py": "nothing",
    "authz/guards/staff.py _entering": "nothing",
    "engine/declare/arguments.py": "resolvers",
    "engine/writes/built_statements.py Builder": "what SQLAlchemy's own cache holds",
    "engine/reference/executor.py _far_look_up_statement": "GraphQL types",
    "engine/reference/executor.py _look_up_statement": "GraphQL types",
    "engine/text/remembered.py Remembered": "texts of at most LONGEST characters, as many as its user says",
    "engine/compiled/sql_text.py VariantDialect": "kinds of principals",
    "models/effects/jobs.py job_kinds": "nothing",
    "resolvers/effects/retention.py retentions": "nothing",
    "resolvers/suppressions/exclusions.py first_exclusions": "scopes and streams",
    "resolvers/accounts/change.py _update_of": "sets of columns",
    "resolvers/people/passwords/common_words.py common_words": "settings of the code",
    "schema/query.py found_by": "nothing",
    "resolvers/inputs/domain_names.py _public_suffixes": "nothing",
    "resolvers/sealing/places.py sealed_columns": "nothing",
    "server/settings/contact_key.py key_source": "nothing",
    "server/settings/secret_keys.py keyring_source": "nothing",
    "server/settings/secret_keys.py signer_source": "nothing",
    "server/jobs/message_mail.py MailWriter": "keys of domains, at most _MOST_SIGNERS",
    "server/database/migrate.py _newest_revision": "nothing",
    "server/database/migrate.py stored_functions": "nothing",
}
"""Each use of functools' caches, or a file of many that are alike: by what its answers are kept. Clients
cannot make more of that; what they choose goes through `engine.text.remembered`."""

GROWING = {
    "authz/guards/gathering.py Gathering._queues": "requests that wait, _LONGEST_QUEUE of each caller",
    "authz/guards/gathering.py Gathering._working": "transactions under way",
    "engine/reference/large_lists.py LargeLists._held": "inputs of the schema",
    "engine/reference/large_lists.py LargeLists._items": "inputs of the schema",
    "resolvers/messages/sources.py SourcesOfMessages._known": "one request, gone with it",
    "engine/writes/fixed_statements.py FixedStatement._prepared": "kinds of principals",
    "engine/limits/operation.py _Costs._known": "one document, gone with it",
    "engine/base/kept.py Kept._proven": "bytes, counted and dropped",
    "engine/base/kept.py Kept._trial": "bytes, counted and dropped",
    "engine/limits/meta_costs.py _MetaCosts._shapes": "one document, gone with it",
    "engine/compiled/compiler.py Compiler._denials": "one document, gone with it",
    "engine/compiled/fragment_writer.py _FragmentWriter._aliases": "one fragment, gone with it",
    "engine/compiled/fragment_writer.py _FragmentWriter._ctes": "one fragment, gone with it",
    "engine/compiled/fragment_writer.py _FragmentWriter._names": "one fragment, gone with it",
    "engine/compiled/far_answers.py _Gaps._texts": "one answer, gone with it",
    "engine/compiled/far_answers.py _Gaps.parents": "one answer, gone with it",
    "engine/compiled/far_statement.py FarStatement._fields": "one document, gone with it",
    "engine/compiled/row_scope.py RowScope._joined": "one document, gone with it",
    "engine/compiled/row_scope.py Rows._asked": "one document, gone with it",
    "engine/compiled/row_scope.py Rows._once": "one document, gone with it",
    "engine/compiled/statement_text.py StatementText._ctes": "one document, gone with it",
    "engine/compiled/statement_text.py StatementText._places": "one document, gone with it",
    "engine/compiled/statement_text.py _ctes": "CTEs of the code, and kinds of principals",
    "engine/compiled/query_plans.py Operation._plans": "counted and dropped by Plans",
    "engine/compiled/query_plans.py Operation._variables": "counted and dropped by Plans",
    "engine/database/snapshot.py Reader._loaders": "one operation, gone with it",
    "engine/database/pool.py Pool._all": "connections, as many as the pool's size",
    "engine/database/pool.py Pool._seen": "hashes of statements, at most _SEEN",
    "engine/database/read_connection.py ReadConnection.prepared": "counted by size and dropped there",
    "engine/declare/selections.py _Uses._spread": "one document, gone with it",
    "engine/declare/selections.py _Uses.variables": "one document, gone with it",
    "engine/limits/sizes.py _Sizes._known": "one document, gone with it",
    "engine/limits/sizes.py _Sizes._open": "one document, gone with it",
    "engine/database/turns.py Turns._at_work": "transactions under way",
    "engine/database/turns.py Turns._waiting": "MOST_WAITING of each tree that others work in",
    "engine/database/write_connection.py WriteConnection._fixed": "statements, at most _PREPARED",
    "engine/database/write_connection.py WriteConnection._named": "statements, about _NAMED",
    "engine/writes/built_statements.py Builder._columns": "what SQLAlchemy's own cache holds",
    "engine/writes/sessions.py WriteSession._notes": "one transaction, gone with it",
    "engine/writes/sessions.py WriteSessions._known": "accounts of valid tokens, at most _KNOWN_THINGS",
    "server/http/bearer_tokens.py BearerTokens._known": "digests of valid tokens, at most _MOST_KNOWN",
    "resolvers/single_sign_on/issuers.py Issuers._known": "issuers of accounts, at most _MOST_ISSUERS",
    "server/http/authentication.py KnownCallers._ids": "300 bytes of valid tokens, at most _MOST_KNOWN",
    "models/credit/ledger_chain.py BookCheck._sums": "one check of the ledger, which no client can ask for",
    "resolvers/sending/lists/digest_sorting.py DigestSorter._held": "one list; written to files",
    "server/fairness/callers.py Callers._known": "200 bytes of valid tokens, at most _MOST",
    "server/feedback/parts.py Fields._values": "one report, gone with it",
    "server/tracking/per_minute.py PerMinute._counts": "see there: counted and dropped each minute",
    "server/logs/metrics.py _counted": "ways and outcomes of _names",
    "server/logs/metrics.py _names": "names of operations, at most _MOST_NAMES",
    "server/transports/by_place.py ByPlace._busy": "messages under way",
    "server/transports/by_place.py ByPlace._failed": "places that rest, at most _MOST_REMEMBERED",
    "resolvers/templates/rendering/environment.py _FieldFunctions._parsed": "one piece of work, gone with it",
    "resolvers/contacts/storing/matching.py Matcher._taken": "three for each contact of a request",
    "server/fairness/callers.py Callers._looking": "tokens of _known",
    "server/edge/connection_watch.py ConnectionWatch._answers": "connections",
    "server/edge/connection_watch.py ConnectionWatch._bodies": "connections",
    "server/edge/connection_watch.py ConnectionWatch._connections": "as many as ConnectionLimits says",
    "server/edge/connection_watch.py ConnectionWatch._heads": "connections",
    "server/fairness/cost_budgets.py CostBudgets._budgets": "callers, at most _MOST",
    "server/fairness/gate.py FairGate._queues": "requests that wait, which each gate bounds",
    "server/fairness/gate.py _Counts._counts": "requests under way",
    "server/edge/http_protocol.py _watches": "servers",
    "server/graphql/introspection.py Introspection._kept": "at most KEPT_ANSWERS of LARGEST_KEPT bytes",
    "server/graphql/held_texts.py HeldTexts._entries": "MEMORY bytes, also of those in HeldTexts._holders",
    "server/graphql/held_texts.py HeldTexts._holders": "holders of _entries, at most MOST_HOLDERS of each",
    "server/http/key_uses.py KeyUses._minutes": "32 bytes of valid tokens, at most _MOST",
    "server/http/key_uses.py KeyUses._new": "those of the last second",
    "server/settings/payments.py PracticePayments.charges": "payments of the demo, which move no money",
    "server/failures/repeated_lines.py RepeatedLines._kinds": "kinds of lines, of which the code has few",
    "resolvers/messages/delivery/first_shares.py FirstShares._left": "at most _MOST",
    "server/uploads/places.py UploadPlaces._open": "at most UPLOADS_AT_ONCE",
    "server/live/socket.py _Connection._running": "at most MOST_OPERATIONS",
    "server/live/socket.py _Connection._tasks": "at most _MOST_TASKS",
    "server/live/streams.py Streams._ends": "at most MOST",
    "server/live/streams.py Streams._of": "streams, which are at most MOST",
    "server/live/streams.py Streams._nameless": "places of sockets, which are connections",
    "server/live/watching.py Watching._of": "tokens of what is watched",
    "server/live/watching.py Watching._watches": "at most MOST",
    "server/graphql/slowed_refusals.py SlowedRefusals._counts": "places that were refused within a second",
}
"""Each attribute that begins empty and grows while its object lives, with what bounds it."""


def test_every_cache_says_what_bounds_it() -> None:
    assert _unlisted(set(_caches()), KEPT_FOR_EVER) == (set(), set())


def test_everything_that_grows_says_what_bounds_it() -> None:
    assert _unlisted(set(_growing()), GROWING) == (set(), set())


def _unlisted(found: set[str], listed: dict[str, str]) -> tuple[set[str], set[str]]:
    """What has no row, and the rows that are of nothing."""
    names = {name: name if name in listed else name.split()[0] for name in found}
    return {name for name, row in names.items() if row not in listed}, listed.keys() - set(names.values())


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for layer in LAYERS:
        for path in (ROOT / layer).rglob("*.py"):
            if "node_modules" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _caches() -> Iterator[str]:
    """Where functools' caches are used: the file, and the function or the class around it."""
    for path, module in _modules():
        for holder, node in _walk(module, ""):
            is_named = isinstance(node, ast.Name) and node.id in {"cache", "lru_cache"}
            if is_named or (isinstance(node, ast.Attribute) and node.attr in {"cache", "lru_cache"}):
                yield f"{path} {holder}"


def _growing() -> Iterator[str]:
    """Attributes and module-level names that begin as an empty mapping or set."""
    for path, module in _modules():
        for holder, node in _walk(module, ""):
            if isinstance(node, ast.Assign | ast.AnnAssign) and _is_empty(node.value):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        yield f"{path} {holder.split('.')[0]}.{target.attr}"
                    elif not holder and isinstance(target, ast.Name):
                        yield f"{path} {target.id}"


def _walk(node: ast.AST, holder: str) -> Iterator[tuple[str, ast.AST]]:
    """All nodes, each with the function or the class that it stands in or decorates."""
    for child in ast.iter_child_nodes(node):
        within = holder
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            within = holder or child.name
        yield within, child
        yield from _walk(child, within)


def _is_empty(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call) and not value.args and not value.keywords:
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in {"dict", "set", "OrderedDict", "Counter", "defaultdict", "WeakKeyDictionary"}
    return isinstance(value, ast.Dict) and not value.keys
