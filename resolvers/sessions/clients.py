"""From where somebody signs in, as far as it is kept: a plain name of the program, and the network."""

import ipaddress
import re
from dataclasses import dataclass

from resolvers.effects.personal_mail import Words

_LONGEST_READ = 500
"""Characters of a User-Agent; the rest says nothing."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""Products with their names, in this order: most browsers also call themselves what stands below."""

_SYSTEMS = (
    ("iPad", "iPadOS"),
    ("iPhone", "iOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)

_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,29}(?=[/ ]|$)")
_UNKNOWN = "Unknown client"
_KEPT_BITS = {4: 24, 6: 48}
"""Of an address, by the version of IP: about a town or a company, and no single person."""


@dataclass(frozen=True)
class Client:
    """`name`: such as Firefox on Linux. `place`: the network, such as 192.0.2.0/24; None where there is no
    network address."""

    name: str
    place: str | None

    @property
    def told(self) -> Words:
        """As a mail to the person names it, with the network where that is known."""
        german = "Unbekannter Client" if self.name == _UNKNOWN else self.name.replace(" on ", " unter ")
        if self.place is None:
            return Words(self.name, german)
        return Words(f"{self.name}, from the network {self.place}", f"{german}, aus dem Netz {self.place}")


def client_of(user_agent: str | None, client_address: str) -> Client:
    """The client of a request. `client_address`: empty on a unix socket."""
    return Client(_name_of((user_agent or "")[:_LONGEST_READ]), _network_of(client_address))


def _name_of(user_agent: str) -> str:
    browser = next((name for product, name in _BROWSERS if f"{product}/" in user_agent), None)
    if browser is None:
        program = _PRODUCT.match(user_agent)
        return _UNKNOWN if program is None or program[0] == "Mozilla" else program[0]
    system = next((name for token, name in _SYSTEMS if token in user_agent), None)
    return browser if system is None else f"{browser} on {system}"


def _network_of(client_address: str) -> str | None:
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((int(address), _KEPT_BITS[address.version]), strict=False))
