"""How often a code may be guessed, by somebody who knows the password already.

A code has six digits and two of them are right at a time. So few tries a day leave a chance of 1 in 10,000.
Only failures count. Passkeys cannot be guessed and are not counted, so that a guesser does not lock the
person out.
"""

import datetime
import uuid

from resolvers.effects.attempts import Limit, place_of

MOST_TRIES = 10
MOST_TRIES_A_DAY = 50
MOST_STARTS = 100
"""From a network, which many people may share."""

_WINDOW = datetime.timedelta(minutes=10)
_DAY = datetime.timedelta(days=1)


def start_limits(client_address: str) -> list[Limit]:
    """The limits of asking for a challenge without a password. Each is stored, so that all tries count."""
    return [Limit(f"passkey sign-in from {place_of(client_address)}", MOST_STARTS, _WINDOW)]


def code_limits(user_id: uuid.UUID) -> list[Limit]:
    """The limits of a try of a code of the person, from wherever."""
    return [
        Limit(f"code of {user_id}", MOST_TRIES, _WINDOW, failures_only=True),
        Limit(f"codes of {user_id}", MOST_TRIES_A_DAY, _DAY, failures_only=True),
    ]
