"""The media type of an answer, by the request's Accept header (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from engine.text.remembered import remembered


class MediaType(StrEnum):
    """The media types of the GraphQL endpoint."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"
    HTML = "text/html"


class _Preference(NamedTuple):
    """How much a client wants a media type; the greater, the more."""

    quality: float
    precision: int  # 2: named in full, 1: named by `type/*`, 0: by `*/*` or not at all


HeaderFields = Iterable[tuple[bytes, bytes]]
"""Of a request, as ASGI has them: their names in lower case."""

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_NAMED_IN_FULL = 2


@remembered(256)
def negotiate(accept: str) -> MediaType | None:
    """JSON or GRAPHQL, or None where the client takes neither; JSON for those who do not say.

    JSON has the statuses that old clients expect, so GRAPHQL is only for those who name it.
    """
    if not accept.strip():
        return MediaType.JSON
    json, graphql = _preference(accept, MediaType.JSON), _preference(accept, MediaType.GRAPHQL)
    if not json.quality and not graphql.quality:
        return None
    if graphql == json:
        return MediaType.GRAPHQL if graphql.precision == _NAMED_IN_FULL else MediaType.JSON
    return max((graphql, MediaType.GRAPHQL), (json, MediaType.JSON))[1]


def prefers_html(accept: str) -> bool:
    """Whether the client would rather have a page than JSON of any kind, as browsers do."""
    html = _preference(accept, MediaType.HTML)
    return html > max(_preference(accept, MediaType.JSON), _preference(accept, MediaType.GRAPHQL))


def accepts_gzip(headers: HeaderFields) -> bool:
    """Whether a client takes a compressed answer (RFC 9110, section 12.5.3), by its header fields."""
    accepted = b",".join(value for name, value in headers if name == b"accept-encoding").decode("latin-1")
    qualities: dict[str, float] = {}
    for entry in accepted.lower().split(","):
        coding, *parameters = (part.strip() for part in entry.split(";"))
        qualities[coding] = _quality(parameters)
    return qualities.get("gzip", qualities.get("*", 0)) > 0


def _preference(accept: str, media_type: MediaType) -> _Preference:
    main_type = media_type.partition("/")[0]
    precision_by_range = {str(media_type): _NAMED_IN_FULL, f"{main_type}/*": 1, "*/*": 0}
    found: _Preference | None = None
    for entry in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in entry.split(";"))
        precision = precision_by_range.get(media_range)
        # The most precise range decides, whatever the others say.
        if precision is not None and (found is None or precision > found.precision):
            found = _Preference(_quality(parameters), precision)
    return found or _Preference(0, 0)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "q":
            return float(value) if _QUALITY.fullmatch(value) else 0
    return 1
