"""Denied fields in an answer that SQL made."""

from engine.compiled.denials import Denial, settled


def test_a_log_that_holds_the_markers_byte_as_a_key_is_no_denial() -> None:
    """The byte itself stands raw in no JSON text; escaped it may be a key of what is stored."""
    denial = Denial("No", {"code": "FORBIDDEN"}, {})
    answer = b'{"first":{"\\u0001":0},"second":{"\\u0001":null},"third":{\x010},"\\u0001":1}'
    data, errors = settled(answer, [denial])
    assert data == {"first": {"\x01": 0}, "second": {"\x01": None}, "third": None, "\x01": 1}
    assert [(error.message, error.path) for error in errors] == [("No", ["third"])]
