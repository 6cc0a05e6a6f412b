"""An account of a test's own that can send."""

from dataclasses import dataclass

from tests.world.world import Account, Member


@dataclass(frozen=True)
class Shop:
    """A subaccount that can send: its address, and who sends."""

    master: Account
    account: Account
    sender: str
    owner: Member
