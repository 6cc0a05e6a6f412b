"""How often a password may be guessed (T33). The limits stop the person who guesses and nobody else.

A try counts for its network, for the address together with the network, and for the address from anywhere. A
known device is counted by itself, so that tries from elsewhere do not lock it out. Only failures count.
"""

import datetime

from authz.callers.principals import Principal
from authz.callers.tokens import Digest
from models.base.ids import UserId
from resolvers.effects.attempts import Limit, place_of
from resolvers.people.links import link_digest

WINDOW = datetime.timedelta(minutes=10)
WIDE_WINDOW = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)

OF_A_PLACE = 100
"""Many people may share the address of an office."""

OF_AN_ADDRESS_FROM_A_PLACE = 10
"""More than people need who try all their passwords, and too few to find one."""

OF_AN_ADDRESS = 100
"""The limit of all unknown devices together in a WIDE_WINDOW. It stops many networks that guess together. It
is as high as the password's length allows, because an attacker who uses it up keeps the person from signing
in on a new device. A known device can still sign in, and a mailed link makes its device known."""

OF_A_DEVICE = 10

OF_CODES = 10
"""In a DAY. Of a million codes nobody finds one so, and nobody mistypes one so often."""


def sign_in_limits(canonical: str, client_address: str, known_device: Digest | None) -> list[Limit]:
    """The limits of a try to sign in with the address. A try is counted until one of them is reached."""
    if known_device is not None:
        return [Limit(f"sign-in with {known_device.hex()}", OF_A_DEVICE, WINDOW, failures_only=True)]
    place = place_of(client_address)
    return [
        Limit(f"sign-in from {place}", OF_A_PLACE, WINDOW, failures_only=True),
        Limit(f"sign-in {canonical} from {place}", OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True),
        Limit(f"sign-in {canonical}", OF_AN_ADDRESS, WIDE_WINDOW, failures_only=True),
    ]


def own_password_limits(principal: Principal) -> list[Limit]:
    """The limits of a caller who types the own password in a session. A stolen session does not lock the
    person out."""
    session = principal.credentials.digest.hex()
    return [Limit(f"password in {session}", OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True)]


def link_limits(client_address: str) -> list[Limit]:
    """The limits of opening a mailed link."""
    return [Limit(f"links from {place_of(client_address)}", OF_A_PLACE, WINDOW, failures_only=True)]


def verification_limits(token: str | None, user_id: UserId | None) -> list[Limit]:
    """The limits where a link lets a password be guessed, or a session lets a code be guessed."""
    found = None if token is None else link_digest(token)
    if found is not None:
        by_link = f"password by {found.hex()}"
        return [Limit(by_link, OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True)]
    if token is None and user_id is not None:
        return [Limit(f"codes of {user_id}", OF_CODES, DAY, failures_only=True)]
    return []
