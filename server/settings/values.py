"""The forms of settings that are texts: what has another one is refused when a process starts.

Each check gives the value back, or raises ValueError with what it must be; never with the value, which may be
a secret.
"""

import re
from collections.abc import Sequence
from email.headerregistry import Address, HeaderRegistry
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from server.database.address import Wanted, servers_of, wanted_of

_NAME = r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_HOST_NAME = re.compile(_NAME)
_HOST_PATTERN = re.compile(rf"\*|(\*\.)?{_NAME}|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?"
)
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")
_LONGEST_LABEL = 63
"""Of a host's name between two dots, by the rules of DNS."""
_ANY = "*"
_SHORTEST_SECRET = 16
_DNS_PORT = 53


def listed(value: str) -> list[str]:
    """The items of a list with commas."""
    return [item.strip() for item in value.split(",")]


def database_url(value: str) -> str:
    """PostgreSQL's address; of several servers the one that takes writes has to be asked for."""
    several = _named_servers(value) > 1
    if several and wanted_of(value) not in {Wanted.PRIMARY, Wanted.READ_WRITE}:
        raise ValueError("must end with ?target_session_attrs=primary where it names several hosts")
    return value


def replica_url(value: str) -> str:
    """PostgreSQL's address, of any server."""
    _named_servers(value)
    return value


def _named_servers(value: str) -> int:
    try:
        number = len(servers_of(value))
    except ValueError:
        raise ValueError("must be postgresql://user:password@host:port/database") from None
    try:
        wanted_of(value)
    except ValueError:
        raise ValueError(f"must have a target_session_attrs of {', '.join(Wanted)}") from None
    return number


def host(value: str) -> str:
    """An address to listen on."""
    is_name = _HOST_NAME.fullmatch(value) and all(
        0 < len(label) <= _LONGEST_LABEL for label in value.split(".")
    )
    if not is_name:
        try:
            ip_address(value)
        except ValueError:
            raise ValueError("must be an IP address or the name of a host, without a port") from None
    return value


def public_url(value: str) -> str:
    """What links begin with."""
    found = _split(value)
    plain = found is not None and not (found.username or found.query or found.fragment)
    if found is None or not plain or found.scheme not in {"http", "https"}:
        raise ValueError("must be http://... or https://... with a host, without a query")
    return value


def smtp_url(value: str) -> str:
    """A mail server's address."""
    found = _split(value)
    if found is None or found.scheme not in {"smtp", "smtps"} or found.path.strip("/") or found.query:
        raise ValueError("must be smtp://user:password@host:port, or the same with smtps://")
    return value


def mail_from(value: str) -> str:
    """One sender's mailbox."""
    addresses: Sequence[Address] = ()
    try:
        header: Any = HeaderRegistry()("from", value)
        if value.isprintable() and not header.defects:
            addresses = header.addresses
    except (ValueError, IndexError):  # as the standard library raises by mistake
        pass
    if len(addresses) != 1 or not addresses[0].username or not addresses[0].domain:
        raise ValueError("must be one address, such as Name <name@example.com>")
    return value


def allowed_hosts(value: str) -> str:
    """Hosts that requests may name."""
    if not all(_HOST_PATTERN.fullmatch(item) for item in listed(value)):
        raise ValueError(
            "must be names of hosts, without scheme or port, such as api.example.com,*.example.org"
        )
    return value


def allowed_origins(value: str) -> str:
    """Origins as browsers send them: others would never be found again in a request."""
    found = listed(value)
    if found != [_ANY] and not all(_is_origin(item) for item in found):
        raise ValueError(
            "must be origins as browsers send them, such as https://app.example.com,http://localhost:3000, "
            "in lower case, without a path or a default port; or * alone"
        )
    return value


def trusted_proxies(value: str) -> str:
    """Addresses and ranges; uvicorn would take a misspelt one for the name of a host, and trust nobody."""
    try:
        for item in listed(value):
            ip_network(item)
    except ValueError:
        raise ValueError("must be IP addresses or ranges, such as 10.0.0.7,192.0.2.0/24") from None
    return value


def mail_host(value: str) -> str:
    """The name of a host, without the dot at its end."""
    if not _is_host(value) or _is_address(value):
        raise ValueError("must be the name of a host, such as mail.example.com")
    return value


def host_name(url: str) -> str | None:
    """The host of an address that was accepted; None: it has no name."""
    found = urlsplit(url).hostname
    return None if found is None or _is_address(found) else found


def name_servers(value: str) -> str:
    """Addresses of name servers, each with or without a port."""
    try:
        for item in listed(value):
            name_server(item)
    except ValueError:
        raise ValueError("must be IP addresses, such as 10.0.0.53,10.0.1.53:5353,[2001:db8::53]:53") from None
    return value


def name_server(item: str) -> tuple[str, int]:
    """One of them. Raises ValueError."""
    if _is_address(item):
        return item, _DNS_PORT
    found = urlsplit(f"dns://{item}")
    if not _is_address(found.hostname or "") or found.netloc != item or found.username is not None:
        raise ValueError("not an address")
    return str(found.hostname), _port_of(found) or _DNS_PORT


def secret_keys(value: SecretStr) -> SecretStr:
    """Secrets that are long enough, each once."""
    found = listed(value.get_secret_value())
    if min(map(len, found)) < _SHORTEST_SECRET or len(set(found)) < len(found):
        raise ValueError(
            f"must be secrets of {_SHORTEST_SECRET} characters or more, separated by commas, each once"
        )
    return value


def _is_origin(value: str) -> bool:
    return bool(_ORIGIN.fullmatch(value)) and not _DEFAULT_PORT.fullmatch(value)


def _split(value: str) -> SplitResult | None:
    """The parts of an address with a host; None for what is none."""
    try:
        found = urlsplit(value)
        _port_of(found)
    except ValueError:
        return None
    is_clean = value.isascii() and value.isprintable() and " " not in value
    return found if is_clean and found.hostname and _is_host(found.hostname) else None


def _is_host(value: str) -> bool:
    try:
        host(value)
    except ValueError:
        return False
    return True


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _port_of(found: SplitResult) -> int | None:
    """Raises ValueError for what can be none."""
    if found.port == 0:
        raise ValueError("there is no port 0")
    return found.port
