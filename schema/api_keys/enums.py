"""Enums of the area, as GraphQL shows them."""

from authz.reach.key_makers import GhostReason
from models.api_keys.tables import ApiKeyPurpose, WhenMakerLosesAccess
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        ApiKeyPurpose,
        {
            "MARKETING": "Campaigns. Such a key never has TRANSACTIONAL_SEND.",
            "TRANSACTIONAL": "Single messages. Such a key never has CAMPAIGNS_SEND.",
        },
    ),
    EnumDescription(
        GhostReason,
        {
            "MAKER_LEFT": "The creator cannot reach the account any more.",
            "MAKER_LOST_RIGHT": "The creator no longer has API_KEYS_WRITE, or a permission that the key has.",
            "MAKER_ENDED": "The API key that created it was revoked, has expired or has stopped.",
            "MAKER_RIGHT_ENDS": "The creator could create it now only through a share, or through a right "
            "that expires before the key.",
            "ROTATOR_LOST_RIGHT": "The last person who rotated it, and so knows its secret, could not "
            "rotate it now. `apiKeyRotate` gives it a new secret.",
        },
    ),
    EnumDescription(
        WhenMakerLosesAccess,
        {
            "KEEP": "The key keeps working. `Account.ghosts` lists it.",
            "STOP": "The key stops from the next request on, until its creator has the rights again or "
            "somebody adopts it.",
        },
    ),
)
