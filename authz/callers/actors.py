"""Who made a change, for the ledger and the logs."""

from dataclasses import dataclass
from typing import Protocol

from models.base.ids import ApiKeyId, NarrowedTokenId, UserId


class Actor(Protocol):
    """A person, an API key, or neither: then the platform acts on an earlier instruction."""

    @property
    def user_id(self) -> UserId | None: ...

    @property
    def api_key_id(self) -> ApiKeyId | None: ...

    @property
    def token_id(self) -> NarrowedTokenId | None:
        """The narrowed token that acted in their name."""

    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True)
class EarlierActor:
    """Who began what a worker completes. The rights that are left do not matter."""

    user_id: UserId | None
    api_key_id: ApiKeyId | None
    reason: str | None = None
    token_id: NarrowedTokenId | None = None


PLATFORM = EarlierActor(None, None)
"""Nobody: the platform acts on what was done before."""
