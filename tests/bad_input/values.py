"""Values for inputs."""

import datetime
from typing import Any

from tests.bad_input.place import Place

Input = dict[str, Any]


def unused_address(place: Place) -> str:
    """An e-mail address that nobody has."""
    return f"new-{place.account.key.hex}@example.com"


def next_year() -> str:
    """A moment in a year."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=365)).isoformat()
