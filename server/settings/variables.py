"""The environment variables that settings are read from, and those that look like one and are none."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import get_args

from pydantic import BaseModel
from pydantic_settings import BaseSettings

_OF_KUBERNETES = re.compile(
    r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""What Kubernetes puts into every container for a service, such as one of the name `mandant`."""
_LINK = re.compile(r"(tcp|udp|sctp)://\S+")
"""The value of its `..._PORT`."""


def known_variables(settings: type[BaseSettings]) -> frozenset[str]:
    """The variables that set something, in capitals; nested settings have one for each of their parts."""
    return frozenset(_names(settings))


def _names(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        nested = next((each for each in get_args(field.annotation) if _is_model(each)), None)
        if nested is not None:
            yield from (f"{prefix}{name}_{part}".upper() for part in nested.model_fields)
        else:
            yield str(field.validation_alias or f"{prefix}{name}").upper()


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def unknown_variables(settings: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables with the settings' prefix that set nothing, each with the known one that is nearest."""
    prefix, known = settings.model_config.get("env_prefix", ""), known_variables(settings)
    return {
        name: _nearest(name.upper(), prefix, known)
        for name, value in environment.items()
        if name.upper().startswith(prefix) and name.upper() not in known and not _is_foreign(name, value)
    }


def _is_foreign(name: str, value: str) -> bool:
    is_link = name.endswith("_PORT") and _LINK.fullmatch(value) is not None
    return is_link or _OF_KUBERNETES.fullmatch(name) is not None


def _nearest(name: str, prefix: str, known: frozenset[str]) -> str:
    bare = name.removeprefix(prefix)
    if bare in known:
        return bare
    return max(sorted(known), key=lambda each: SequenceMatcher(None, name, each).ratio())
