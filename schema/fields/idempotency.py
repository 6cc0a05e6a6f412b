"""The fields of mutations that are done once for each idempotency key."""

from typing import Any

import strawberry


def idempotency_key(repeated: str) -> Any:
    """The field of the input. `repeated`: what the same key does again, such as "it sends nothing more"."""
    return strawberry.field(
        description="A key that you choose, 1 to 200 characters, not only spaces. Repeated within 30 days, "
        f"{repeated}."
    )


def replayed(description: str = "Whether an earlier request with the same key created it.") -> Any:
    """The field of the payload."""
    return strawberry.field(default=False, description=description)
