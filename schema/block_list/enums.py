"""Enums of the area, as GraphQL shows them."""

from models.block_list.tables import BlockReason
from resolvers.block_list.add import BlockAddOutcome
from resolvers.block_list.remove import BlockRemoveOutcome
from schema.fields.enum_publishing import EnumDescription

ENUMS = (
    EnumDescription(
        BlockReason,
        {
            "MANUAL": "Somebody decided so.",
            "COMPLAINT": "The recipient complained, for example by marking a message as spam.",
            "BOUNCE": "Messages to it come back.",
            "IMPORT": "It came with a list from elsewhere.",
        },
    ),
    EnumDescription(
        BlockAddOutcome,
        {
            "ADDED": "It was entered.",
            "ALREADY_BLOCKED": "The account had entered it before. Nothing was changed.",
            "MALFORMED": "It is neither an e-mail address nor a phone number nor a hash.",
        },
    ),
    EnumDescription(
        BlockRemoveOutcome,
        {
            "REMOVED": "The account's own entry was removed. `blockedBy` and `message` say whether an "
            "account above still blocks the address.",
            "INHERITED": "An account above blocks it. Nothing was changed: it can only be removed there.",
            "NOT_BLOCKED": "There is no such entry.",
            "MALFORMED": "It is neither an e-mail address nor a phone number, a hash or the id of an entry.",
        },
    ),
)
