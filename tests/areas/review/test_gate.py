"""Every path that sends asks the gate (T29)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[3]
_PACKAGES = ("authz", "engine", "models", "resolvers", "schema", "server")
_GATE = "check_reviewed"
_PATHS = (
    *("reserve_sends", "commit_sends", "send_messages", "pass_gate", "use_up"),
    *("send_campaign", "approve_campaign", "resume_campaign", "start_campaign", "work_on"),
)

WRITERS = {
    "resolvers/sending/gate.py": "reserves",
    "resolvers/sending/commit_or_void.py": "commits",
}
"""What makes reservations, or says that they are sent. Each asks the gate itself."""

CALLERS = {
    ("schema/sending/mutations.py", "reserve_sends"): "as the deployment says",
    ("schema/sending/mutations.py", "commit_sends"): "as the deployment says",
    ("resolvers/messages/together.py", "send_messages"): "as the deployment says",
    ("resolvers/sending/reserve.py", "pass_gate"): "as it is handed over",
    ("resolvers/messages/send.py", "pass_gate"): "as it is handed over",
    ("schema/campaigns/mutations.py", "send_campaign"): "as the deployment says",
    ("schema/campaigns/mutations.py", "approve_campaign"): "as the deployment says",
    ("schema/campaigns/mutations.py", "resume_campaign"): "as the deployment says; it asks itself",
    ("server/jobs/campaigns.py", "work_on"): "as the deployment says, at the moment it starts",
    ("resolvers/campaigns/send.py", "start_campaign"): "as it is handed over",
    ("resolvers/campaigns/work.py", "start_campaign"): "as it is handed over",
    ("resolvers/campaigns/start.py", "pass_gate"): "as it is handed over",
    ("resolvers/campaigns/start.py", "use_up"): "the gate has let it pass",
    ("resolvers/sending/commit_or_void.py", "use_up"): "it has asked the gate",
    ("resolvers/messages/send.py", "use_up"): "the gate has let it pass",
    ("server/webhooks/courier.py", "work_on"): "it sends events to webhooks, and no messages",
    ("server/demo/sending.py", "reserve_sends"): "the demo's people wait for nobody",
    ("server/demo/sending.py", "commit_sends"): "the demo's people wait for nobody",
}
"""What calls them, and which policy it hands over. A new path of sending gets its row here."""


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in _PACKAGES:
        for path in sorted((_CHECKOUT / package).rglob("*.py")):
            if "node_modules" not in path.parts:
                yield path.relative_to(_CHECKOUT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(module: ast.AST, *names: str) -> Iterator[str]:
    """Which of these functions it calls, also as attributes of a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if called in names:
                yield called


def lets_send(module: ast.AST) -> bool:
    """Whether it inserts reservations, or gives one the status COMMITTED."""
    return any(_inserts(node) or _commits(node) for node in ast.walk(module))


def _inserts(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("insert", "upsert"):
        return False
    return [ast.unparse(table) for table in node.args] == ["send_reservations"]


def _commits(node: ast.AST) -> bool:
    if not isinstance(node, ast.keyword) or node.arg != "status":
        return False
    return "ReservationStatus.COMMITTED" in ast.unparse(node.value)


def test_who_lets_send_asks_the_gate() -> None:
    found = {name: module for name, module in _modules() if lets_send(module)}
    assert found.keys() == WRITERS.keys()
    assert {name for name, module in found.items() if list(calls(module, _GATE))} == WRITERS.keys()


def test_every_path_that_sends_is_known() -> None:
    found = {(name, called) for name, module in _modules() for called in calls(module, *_PATHS)}
    assert found == CALLERS.keys()


@pytest.mark.parametrize(
    ("source", "sends"),
    [
        ("session.send_built(insert(send_reservations).values(id=1))", True),
        ("update(send_reservations).values(status=ReservationStatus.COMMITTED.value)", True),
        ("update(send_reservations).values(status=ReservationStatus.VOIDED.value)", False),
        ("select(send_reservations).where(row.status == ReservationStatus.COMMITTED.value)", False),
    ],
)
def test_the_lint_finds_what_it_is_for(source: str, sends: bool) -> None:
    assert lets_send(ast.parse(source)) is sends
