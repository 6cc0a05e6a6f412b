"""Enums of the area, as GraphQL shows them."""

from authz.reach.key_makers import GhostReason
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ApiKeyPurpose,
        {
            "MARKETING": "Campaigns; it never holds TRANSACTIONAL_SEND.",
            "TRANSACTIONAL": "Single messages; it never holds CAMPAIGNS_SEND.",
        },
    ),
    EnumDescription(
        GhostReason,
        {
            "MAKER_LEFT": "The person does not reach the account any more.",
            "MAKER_LOST_RIGHT": "API_KEYS_WRITE, or something that the key gives, is not held any more.",
            "MAKER_ENDED": "The API key that made it was revoked, has expired or has stopped.",
            "MAKER_RIGHT_ENDS": "The maker could make it now only by a share, or by a right that ends before "
            "the key does.",
            "ROTATOR_LOST_RIGHT": "Whoever rotated it last, and so knows its secret, could not do so now. "
            "`apiKeyRotate` gives it a new one.",
        },
    ),
    EnumDescription(
        WhenMakerLosesAccess,
        {
            "KEEP": "The key works on; `Account.ghosts` reports it.",
            "STOP": "The key stops with the next request, until its maker has the rights again or somebody "
            "adopts it.",
        },
    ),
)
