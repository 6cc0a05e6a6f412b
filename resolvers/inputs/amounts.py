"""Amounts of money from clients, in micro-units."""

from authz.policy.refusals import Refusal, RefusalCode

MOST_AT_ONCE = 10**15
"""A thousand million of the currency. No single movement is larger."""


def movable(amount: int, field: str = "amount") -> int:
    """The amount, if it can be moved: 1 to MOST_AT_ONCE micro-units. Raises BAD_USER_INPUT."""
    if not 1 <= amount <= MOST_AT_ONCE:
        message = f"Must lie between 1 and {MOST_AT_ONCE} micro-units."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, field)
    return amount
