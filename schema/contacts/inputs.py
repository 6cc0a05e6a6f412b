"""Contacts as clients give them."""

import strawberry
from strawberry.scalars import JSON

from resolvers.contacts.given import GivenContact
from resolvers.inputs.unchanged import UNCHANGED
from schema.fields.updates import given, may_stay

EMAIL = "An e-mail address; null removes it. Unique in the account, without regard to case and spelling."
PHONE = (
    "A phone number, best with + and the country's code; null removes it. Unique in the account. A number "
    "without + is one of `phoneCountry`."
)
EXTERNAL_ID = "Your own id of the contact, 1 to 200 characters; null removes it. Unique in the account."
ATTRIBUTES = (
    'Values by the attributes\' names, such as `{"country": "SE", "vip": true}`; null removes a value. '
    "Attributes that are left out stay. `contactAttributeCreate` makes attributes."
)
ADD = "The lists to add the contact to, at most 100."
REMOVE = "The lists to remove the contact from, at most 100."
COUNTRY = (
    "The country that phone numbers without + belong to: two letters, ISO 3166-1. Left out: the account's "
    "default country, if its settings have one; else every number begins with +."
)


@strawberry.input(
    description="A contact's values; what is left out stays as it is. A contact is found by `externalId`, "
    "else by `email`, else by `phone`; if the account has none of them, the contact is new. It has an e-mail "
    "address, a phone number or both."
)
class ContactInput:
    external_id: str | None = may_stay(EXTERNAL_ID)
    email: str | None = may_stay(EMAIL)
    phone: str | None = may_stay(PHONE)
    attributes: JSON | None = may_stay(ATTRIBUTES)
    add_to_lists: list[strawberry.ID] = strawberry.field(default_factory=list, description=ADD)
    remove_from_lists: list[strawberry.ID] = strawberry.field(default_factory=list, description=REMOVE)

    def as_given(self) -> GivenContact:
        """For the resolvers."""
        attributes = given(self.attributes)
        return GivenContact(
            external_id=given(self.external_id),
            email=given(self.email),
            phone=given(self.phone),
            attributes={} if attributes is UNCHANGED else attributes,
            add_to_lists=self.add_to_lists,
            remove_from_lists=self.remove_from_lists,
        )
