"""Request targets that are whole URLs, which servers must accept as proxies do (RFC 9112, section 3.2.2)."""

import httptools

from server.edge.early_refusals import MALFORMED, Refused

_SCHEMES = frozenset({b"http", b"https"})


def origin_form(url: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The path and the query of a target. The host of a whole URL takes the place of the one in the headers.

    Headers that name no host, or several, stay as they are, to be refused. Raises Refused for a URL of
    another scheme, or with a user.
    """
    parsed = httptools.parse_url(url)
    if parsed.schema is None:
        return url
    if parsed.schema.lower() not in _SCHEMES or not parsed.host or parsed.userinfo is not None:
        raise Refused(MALFORMED)
    named = [index for index, (name, _) in enumerate(headers) if name == b"host"]
    if len(named) == 1:
        headers[named[0]] = (b"host", _authority(parsed.host, parsed.port))
    query = b"" if parsed.query is None else b"?" + parsed.query
    return (parsed.path or b"/") + query


def _authority(host: bytes, port: int | None) -> bytes:
    name = b"[%b]" % host if b":" in host else host
    return name if port is None else b"%b:%d" % (name, port)
