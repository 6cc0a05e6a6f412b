"""Block lists: whom an account and all accounts below it never write to."""

from schema.block_list.enums import ENUMS
from schema.block_list.mutations import BlockListMutation
from schema.block_list.queries import BlockListQuery
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(queries=(BlockListQuery,), mutations=(BlockListMutation,), enums=ENUMS)
