"""How often a password may be guessed (T33), so that whoever guesses is stopped and nobody else.

A try is counted for the place that it comes from, for the address together with the place, and for the
address wherever it comes from. A device that the person signed in from before is counted by itself: what is
tried elsewhere does not lock it out. Only what failed counts.
"""

import datetime

from authz.callers.principals import Principal
from authz.callers.tokens import Digest
from resolvers.effects.attempts import Limit, place_of
from resolvers.people.mailbox import link_digest

WINDOW = datetime.timedelta(minutes=10)
WIDE_WINDOW = datetime.timedelta(hours=1)

OF_A_PLACE = 100
"""Many people may be behind one address of an office."""

OF_AN_ADDRESS_FROM_A_PLACE = 10
"""More than people need who try all their passwords, far too few to find one."""

OF_AN_ADDRESS = 100
"""From all unknown devices, in a WIDE_WINDOW: what many places that guess together get. It is as wide as the
password's length allows, since whoever fills it keeps the person from signing in with a new device. A known
device signs in all the same, and a link to the mailbox makes the device known that it is opened on."""

OF_A_DEVICE = 10


def sign_in_limits(canonical: str, client_address: str, known_device: Digest | None) -> list[Limit]:
    """Those of a try to sign in with the address; a try is counted until one of them is reached."""
    if known_device is not None:
        return [Limit(f"sign-in with {known_device.hex()}", OF_A_DEVICE, WINDOW, failures_only=True)]
    place = place_of(client_address)
    return [
        Limit(f"sign-in from {place}", OF_A_PLACE, WINDOW, failures_only=True),
        Limit(f"sign-in {canonical} from {place}", OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True),
        Limit(f"sign-in {canonical}", OF_AN_ADDRESS, WIDE_WINDOW, failures_only=True),
    ]


def own_password_limits(principal: Principal) -> list[Limit]:
    """Those of whoever tells its password in a session: a stolen one does not lock the person's own out."""
    session = principal.credentials.digest.hex()
    return [Limit(f"password in {session}", OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True)]


def link_limits(client_address: str) -> list[Limit]:
    """Those of whoever opens a link that was mailed."""
    return [Limit(f"links from {place_of(client_address)}", OF_A_PLACE, WINDOW, failures_only=True)]


def verification_limits(token: str, client_address: str) -> list[Limit]:
    """The same where a password may be guessed by it."""
    found = link_digest(token)
    if found is None:
        return link_limits(client_address)
    by_link = f"password by {found.hex()}"
    return [
        *link_limits(client_address),
        Limit(by_link, OF_AN_ADDRESS_FROM_A_PLACE, WINDOW, failures_only=True),
    ]
