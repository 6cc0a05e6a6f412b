"""Enums of the area, as GraphQL shows them."""

from models.templates.tables import TemplateChannel
from resolvers.templates.rendering.work import Part, WarningKind
from resolvers.templates.sms_parts import SmsEncoding
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        TemplateChannel,
        {
            "EMAIL": "E-mail: a subject, and a text, HTML or both.",
            "SMS": "SMS: a text.",
        },
    ),
    EnumDescription(
        Part,
        {
            "SUBJECT": "The subject of an e-mail.",
            "TEXT": "The plain text.",
            "HTML": "The HTML of an e-mail.",
        },
        name="TemplatePart",
    ),
    EnumDescription(
        WarningKind,
        {
            "MISSING_VARIABLE": "A variable has no value. It is rendered as nothing.",
            "MISSING_FUNCTION": "No field function of this name is in force in the account. It is rendered "
            "as nothing.",
        },
        name="TemplateWarningKind",
    ),
    EnumDescription(
        SmsEncoding,
        {
            "GSM_7": "The characters of GSM 03.38: 160 in one part, 153 in each of several.",
            "UCS_2": "All other texts: 70 in one part, 67 in each of several.",
        },
    ),
)
