"""Numbers in sentences."""

import pytest

from authz.policy.refusals import RateLimited
from engine.text.numbers import counted
from resolvers.messages.sms import fault_of_text


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 parts"), (1, "1 part"), (2, "2 parts"), (1_200, "1,200 parts")]
)
def test_what_is_one_has_no_s(number: int, said: str) -> None:
    assert counted(number, "part") == said


def test_another_plural() -> None:
    assert [counted(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]


def test_sentences_are_right_for_one() -> None:
    assert RateLimited(1).message.endswith("try again in 1 second.")
    assert RateLimited(2).message.endswith("try again in 2 seconds.")
    assert fault_of_text("a" * 161, 1) == "It has 2 parts; the most allowed is 1."
