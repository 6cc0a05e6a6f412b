"""How errors are told to clients, whatever raised them, and what of them is masked."""

from pathlib import Path

from graphql import GraphQLError
from structlog.testing import capture_logs

from server.failures.errors import present_error

CHECKOUT = Path(__file__).parents[3]


def test_an_error_for_the_client_passes_with_its_code() -> None:
    error = GraphQLError("Not yours", path=["a", 0], extensions={"code": "FORBIDDEN", "permission": "READ"})
    assert present_error(error, "id", hide_suggestions=True) == {
        "message": "Not yours",
        "path": ["a", 0],
        "extensions": {"code": "FORBIDDEN", "permission": "READ", "requestId": "id"},
    }


def test_an_error_around_one_for_the_client_passes() -> None:
    error = GraphQLError(
        "Not yours", original_error=GraphQLError("Not yours", extensions={"code": "FORBIDDEN"})
    )
    with capture_logs() as logs:
        presented = present_error(error, "id", hide_suggestions=True)
    assert presented == {"message": "Not yours", "extensions": {"code": "FORBIDDEN", "requestId": "id"}}
    assert logs == []


def test_an_error_around_any_other_is_masked_with_its_extensions() -> None:
    raised = KeyError("secret")
    error = GraphQLError("secret", path=["a"], original_error=raised, extensions={"sql": "SELECT secret"})
    with capture_logs() as logs:
        presented = present_error(error, "id", hide_suggestions=True)
    assert presented == {
        "message": "Internal error",
        "path": ["a"],
        "extensions": {"code": "INTERNAL", "requestId": "id"},
    }
    assert logs == [{"event": "internal error", "log_level": "error", "exc_info": raised}]


def test_suggestions_are_taken_out_of_errors_before_execution_only() -> None:
    said = "No field 'nam'. Did you mean 'name', or 'names'? Look at the schema."
    before = present_error(GraphQLError(said), "id", hide_suggestions=True)
    assert before["message"] == "No field 'nam'. Look at the schema."
    assert present_error(GraphQLError(said), "id", hide_suggestions=False)["message"] == said
    within = present_error(GraphQLError(said, path=["a"]), "id", hide_suggestions=True)
    assert within["message"] == said


def test_no_line_of_the_log_has_the_class_of_an_error_alone() -> None:
    """Of what the database raises the class says next to nothing."""
    sources = [
        path
        for part in ("server", "engine", "resolvers", "schema")
        for path in (CHECKOUT / part).rglob("*.py")
    ]
    assert [path.name for path in sources if "error=type(" in path.read_text(encoding="utf-8")] == []
