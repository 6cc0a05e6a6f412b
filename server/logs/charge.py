"""What a request cost its caller, as the answer and the log tell it."""

from typing import NamedTuple


class Charge(NamedTuple):
    """`requested`: the cost of the operation. The others tell of the budget that has least left: of `whose`
    it is, what it has when it is full, what is left of it, and what is restored each second."""

    requested: int
    whose: str
    limit: int
    remaining: int
    restore_rate: int

    @property
    def extension(self) -> dict[str, int]:
        """As it stands in `extensions.cost`."""
        return {
            "requested": self.requested,
            "limit": self.limit,
            "remaining": self.remaining,
            "restoreRate": self.restore_rate,
        }

    @property
    def json_text(self) -> bytes:
        """The same as JSON."""
        return b'{"requested":%d,"limit":%d,"remaining":%d,"restoreRate":%d}' % (
            self.requested,
            self.limit,
            self.remaining,
            self.restore_rate,
        )

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """The fields of draft-ietf-httpapi-ratelimit-headers: a full budget is restored in `w` seconds, this
        one in `t`."""
        whose, limit, remaining, rate = self.whose, self.limit, self.remaining, self.restore_rate
        policy = f'"{whose}";q={limit};qu="fields";w={-(-limit // rate)}'
        now = f'"{whose}";r={remaining};t={-(-(limit - remaining) // rate)}'
        return (b"ratelimit-policy", policy.encode()), (b"ratelimit", now.encode())
