"""The gated fields of an account as a selection."""

from tests.authorization.matrix_fields import ACCOUNT_FIELDS

_NOT_LISTS = {
    "subscription": "subscription { timeZone }",
    "sendCap": "sendCap",
    "apiKeyCreation": "apiKeyCreation",
    "credit": "credit { balance }",
    "creditAt": 'creditAt(moment: "2026-01-01T00:00:00Z")',
    "ledgerProof": "ledgerProof { head }",
    "rightsInheritance": "rightsInheritance",
}
ACCOUNT_SELECTION = " ".join(_NOT_LISTS.get(name, f"{name} {{ totalCount }}") for name in ACCOUNT_FIELDS)
"""All that need a permission of their own, with something of what they give."""
