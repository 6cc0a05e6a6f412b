"""The enums of second factors."""

from resolvers.second_factor.factors import SecondFactorKind
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        SecondFactorKind,
        {
            "TOTP": "A code of the authenticator app.",
            "PASSKEY": "A passkey.",
            "RECOVERY_CODE": "A recovery code, which works once.",
        },
    ),
)
