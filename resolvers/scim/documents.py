"""People and groups as JSON, and back (RFC 7643)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from authz.policy.refusals import Refusal
from resolvers.inputs.emails import EmailAddress, email_address
from resolvers.inputs.text import short_text
from resolvers.scim.errors import invalid
from resolvers.scim.patch import Document, get

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class UserValues:
    """What a directory says of a person. `email`: the address by which the person is known."""

    user_name: str
    email: EmailAddress
    external_id: str | None
    active: bool
    display_name: str | None
    given_name: str | None
    family_name: str | None

    def columns(self) -> dict[str, object]:
        """As they are stored."""
        return {
            "user_name": self.user_name,
            "user_name_folded": self.user_name.lower(),
            "external_id": self.external_id,
            "active": self.active,
            "display_name": self.display_name,
            "given_name": self.given_name,
            "family_name": self.family_name,
        }


@dataclass(frozen=True)
class GroupValues:
    """What a directory says of a group. `members`: ids of people."""

    display_name: str
    external_id: str | None
    members: frozenset[uuid.UUID]


def read_user(document: Document) -> UserValues:
    """Raises ScimError."""
    name = get(document, "name")
    names: Document = name if isinstance(name, dict) else {}
    user_name = _text(get(document, "userName"), "userName")
    if user_name is None:
        raise invalid("userName is required.")
    return UserValues(
        user_name=user_name,
        email=_email(user_name, get(document, "emails")),
        external_id=_text(get(document, "externalId"), "externalId"),
        active=_flag(get(document, "active")),
        display_name=_text(get(document, "displayName"), "displayName"),
        given_name=_text(get(names, "givenName"), "name.givenName"),
        family_name=_text(get(names, "familyName"), "name.familyName"),
    )


def read_group(document: Document) -> GroupValues:
    """Without members it has none: a PUT replaces the whole (RFC 7644, 3.5.1). Raises ScimError."""
    display_name = _text(get(document, "displayName"), "displayName")
    if display_name is None:
        raise invalid("displayName is required.")
    members = get(document, "members")
    ids = frozenset(map(_member, _list([] if members is None else members, "members")))
    return GroupValues(display_name, _text(get(document, "externalId"), "externalId"), ids)


def written_user(row: Row[*tuple[Any, ...]], email: str, base: str) -> Document:
    """`base`: what the addresses of resources begin with."""
    names = {"givenName": row.given_name, "familyName": row.family_name}
    document = {
        "schemas": [USER],
        "id": str(row.id),
        "externalId": row.external_id,
        "userName": row.user_name,
        "displayName": row.display_name,
        "name": {key: value for key, value in names.items() if value is not None} or None,
        "emails": [{"value": email, "type": "work", "primary": True}],
        "active": row.active,
        "meta": _meta("User", "Users", row, base),
    }
    return {key: value for key, value in document.items() if value is not None}


def written_group(row: Row[*tuple[Any, ...]], members: Sequence[uuid.UUID] | None, base: str) -> Document:
    """`members` None: they were left out."""
    document = {
        "schemas": [GROUP],
        "id": str(row.id),
        "externalId": row.external_id,
        "displayName": row.display_name,
        "members": None
        if members is None
        else [{"value": str(each), "$ref": f"{base}/Users/{each}"} for each in members],
        "meta": _meta("Group", "Groups", row, base),
    }
    return {key: value for key, value in document.items() if value is not None}


def parse_id(text: str) -> uuid.UUID | None:
    """None for a text that is no id."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def _meta(kind: str, place: str, row: Row[*tuple[Any, ...]], base: str) -> Document:
    moments: dict[str, datetime.datetime] = {"created": row.created_at, "lastModified": row.updated_at}
    return {
        "resourceType": kind,
        **{name: moment.isoformat() for name, moment in moments.items()},
        "version": f'W/"{row.version}"',
        "location": f"{base}/{place}/{row.id}",
    }


def _text(value: object, field: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(f"{field} must be a text.")
    try:
        return short_text(value, field)
    except Refusal as refusal:
        raise invalid(f"{field}: {refusal}") from refusal


def _flag(value: object) -> bool:
    """Entra sends it as a text."""
    if value is None:
        return True
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise invalid("active must be true or false.")
    return value


def _email(user_name: str, emails: object) -> EmailAddress:
    """The user name itself, or else the primary address."""
    given = [each for each in _list(emails, "emails") if isinstance(each, dict)] if emails is not None else []
    given.sort(key=lambda each: (get(each, "primary") is not True, str(get(each, "type")).lower() != "work"))
    for text in (user_name, *(get(each, "value") for each in given)):
        try:
            return email_address(text if isinstance(text, str) else "")
        except Refusal:
            continue
    raise invalid("Neither userName nor emails has an e-mail address.")


def _list(value: object, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(f"{field} must be a list.")
    if len(value) > MOST_MEMBERS:
        raise invalid(f"{field} must have at most {MOST_MEMBERS:,} values.")
    return value


def _member(value: object) -> uuid.UUID:
    text = get(value, "value") if isinstance(value, dict) else None
    found = parse_id(text) if isinstance(text, str) else None
    if found is None:
        raise invalid("A member must be an object with the id of a person as its value.")
    return found
