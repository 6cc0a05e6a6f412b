"""What a directory may ask about the service itself (RFC 7643, 5 to 7)."""

from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.scim.documents import GROUP, USER

MOST_ON_A_PAGE = 200
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

CONFIGURATION: Mapping[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MOST_ON_A_PAGE},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "authenticationSchemes": [
        {"type": "oauthbearertoken", "name": "API key", "description": "An API key of the master account."}
    ],
}


def resource_types() -> list[dict[str, Any]]:
    """The two kinds of resources."""
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": f"/{name}s",
            "schema": schema,
        }
        for name, schema in (("User", USER), ("Group", GROUP))
    ]


def schemas(base: str) -> dict[str, dict[str, Any]]:
    """The attributes that are kept, by the id of the schema. `base`: what addresses of resources begin
    with."""
    described = (
        (USER, "User", "A person.", _USER),
        (GROUP, "Group", "A group of people.", _GROUP),
    )
    return {
        schema: {
            "schemas": [_SCHEMA],
            "id": schema,
            "name": name,
            "description": description,
            "attributes": list(attributes),
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{schema}"},
        }
        for schema, name, description, attributes in described
    }


def _attribute(
    name: str,
    description: str,
    kind: str = "string",
    *,
    required: bool = False,
    many: bool = False,
    exact: bool = False,
    unique: bool = False,
    mutability: str = "readWrite",
    parts: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """`exact`: its case counts."""
    attribute: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": many,
        "description": description,
        "required": required,
        "mutability": mutability,
        "returned": "default",
    }
    if kind == "complex":
        return attribute | {"subAttributes": list(parts)}
    return attribute | {"caseExact": exact, "uniqueness": "server" if unique else "none"}


_USER = (
    _attribute("userName", "How the directory calls the person.", required=True, unique=True),
    _attribute("externalId", "The directory's own id.", exact=True),
    _attribute("displayName", "The whole name."),
    _attribute(
        "name",
        "The parts of the name.",
        "complex",
        parts=(_attribute("givenName", "The first name."), _attribute("familyName", "The last name.")),
    ),
    _attribute("active", "Whether the person works there. If not, its memberships end.", "boolean"),
    _attribute(
        "emails",
        "The first that is an address counts where userName is none. It is not changed later.",
        "complex",
        many=True,
        parts=(
            _attribute("value", "The address."),
            _attribute("type", "Such as work."),
            _attribute("primary", "Whether it is the first choice.", "boolean"),
        ),
    ),
)
_GROUP = (
    _attribute("displayName", "The name of the group.", required=True, exact=True, unique=True),
    _attribute("externalId", "The directory's own id.", exact=True),
    _attribute(
        "members",
        "The people in it, by their ids.",
        "complex",
        many=True,
        parts=(
            _attribute("value", "The id of the person.", exact=True, mutability="immutable"),
            _attribute("$ref", "The address of the person.", "reference", exact=True, mutability="readOnly")
            | {"referenceTypes": ["User"]},
        ),
    ),
)
