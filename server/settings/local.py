"""Whether a server is for this machine alone, so that it may show what it sends."""

from ipaddress import ip_address
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost"})


def is_of_this_machine(host: str) -> bool:
    """Whether a host's name or address leads to the machine itself, from wherever it is used."""
    name = host.strip("[]").lower()
    if name in _LOCAL_NAMES:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def reaches_others(
    *,
    database_url: str | None,
    host: str,
    public_url: str | None,
    allowed_hosts: list[str],
    trusted_proxies: str | None,
) -> str | None:
    """The variable by which the server is for others than this machine. None: there is none."""
    if database_url is not None:
        return "DATABASE_URL"
    if not is_of_this_machine(host):
        return "HOST"
    if public_url is not None and not is_of_this_machine(urlsplit(public_url).hostname or ""):
        return "MANDANT_PUBLIC_URL"
    if not all(map(is_of_this_machine, allowed_hosts)):
        return "MANDANT_ALLOWED_HOSTS"
    return None if trusted_proxies is None else "MANDANT_TRUSTED_PROXIES"
