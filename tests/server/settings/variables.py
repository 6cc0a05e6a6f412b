"""The environment variables that settings are read from."""

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from server.settings.issuer import IssuerSettings
from server.settings.settings import Settings


def setting_variables() -> dict[str, FieldInfo]:
    """Each variable, and the field that it sets; those of nested settings too."""
    return dict(_variables())


def _variables() -> Iterator[tuple[str, FieldInfo]]:
    for name, field in Settings.model_fields.items():
        if name == "issuer":
            for inner, inner_field in IssuerSettings.model_fields.items():
                yield f"MANDANT_ISSUER_{inner.upper()}", inner_field
        else:
            yield str(field.validation_alias or f"MANDANT_{name.upper()}"), field
