"""Contacts: whom an account writes to."""

from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution()
