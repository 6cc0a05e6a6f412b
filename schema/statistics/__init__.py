"""What became of messages, in numbers."""

from schema.fields.contribution import Contribution
from schema.statistics.enums import ENUMS
from schema.statistics.queries import StatisticsQuery
from schema.statistics.recipients import RecipientStatisticsQuery

CONTRIBUTION = Contribution(queries=(StatisticsQuery, RecipientStatisticsQuery), enums=ENUMS)
