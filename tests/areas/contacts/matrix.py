"""The rows of the matrix for contacts."""

from tests.authz.matrix.matrix_callers import MANAGERS

CONTACT_READERS = MANAGERS | {"marketer", "guest"}

ACCOUNT_FIELDS = {
    "contacts": ("CONTACTS_READ", CONTACT_READERS),
}
