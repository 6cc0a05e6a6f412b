"""What each program is given, and what it must see with every library."""

from dataclasses import asdict, dataclass
from typing import Any

import orjson


@dataclass(frozen=True, kw_only=True)
class Task:
    """An owner who signs in, and the account that is asked for."""

    url: str
    email: str
    password: str
    accountId: str  # noqa: N815  the programs read it as JSON
    roleId: str  # noqa: N815
    socketUrl: str  # noqa: N815
    """By a way that the test cuts."""
    accountName: str  # noqa: N815
    names: list[str]

    @property
    def argument(self) -> str:
        """As the program's argument."""
        return orjson.dumps(asdict(self)).decode()

    def check(self, output: str) -> None:
        """Check what the program saw."""
        seen: dict[str, Any] = orjson.loads(output)
        page = without_type_names(seen["page"])
        assert page.pop("createdAt").startswith("20")
        assert page == {
            "name": self.accountName,
            "kind": "MASTER",
            "members": {
                "totalCount": 1,
                "nodes": [{"user": {"name": "Maria Santos"}, "role": {"name": "OWNER"}}],
            },
        }
        [refused] = seen["refused"]
        assert refused.pop("message")
        assert refused == {
            "__typename": "RefusedError",
            "code": "BAD_USER_INPUT",
            "field": ["input", "email"],
        }
        assert seen["wrongPassword"] == ["SIGN_IN_REFUSED"]
        assert seen["signedIn"] == "Maria Santos"
        assert seen["names"] == self.names
        assert seen["failure"] == "UNAUTHENTICATED"


def without_type_names(value: Any) -> Any:
    """The value as it was asked for. Apollo and urql ask for `__typename` everywhere."""
    if isinstance(value, list):
        return [without_type_names(each) for each in value]
    if isinstance(value, dict):
        return {name: without_type_names(each) for name, each in value.items() if name != "__typename"}
    return value
