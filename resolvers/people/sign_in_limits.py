"""How often a password may be guessed (T33). The limits stop the person who guesses and nobody else.

A try counts for its network, for the address together with the network, and for the address from anywhere. A
known device is counted by itself, so that tries from elsewhere do not lock it out. Only failures count.
"""

import datetime

from authz.callers.principals import Principal
from authz.callers.tokens import Digest
from resolvers.effects.attempts import Limit, place_of
from resolvers.people.mailbox import link_digest

WINDOW = datetime.timedelta(minutes=10)
WIDE_WINDOW = datetime.timedelta(hours=1)

OF_A_PLACE = 100
"""Many people may share the address of an office."""

OF_AN_ADDRESS_FROM_A_PLACE = 10
"""More than people need who try all their passwords, and too few to find one."""

OF_AN_ADDRESS = 100
"""The limit of all unknown devices together in a WIDE_WINDOW. It stops many networks that guess together. It
is as high as the password's length allows, because an attacker who uses it up keeps the person from signing
in on a new device. A known device can still sign in, and a mailed link makes its device known."""

OF_A_DEVICE = 10


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


def verification_limits(token: str, client_address: str) -> list[Limit]:
    """The same where the link lets a password be guessed."""
    found = link_digest(token)
    if found is None:
        return link_limits(client_address)
    by_link = f"password by {found.hex()}"
    return [
        *link_limits(client_address),
        Limit(by_link, OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True),
    ]
