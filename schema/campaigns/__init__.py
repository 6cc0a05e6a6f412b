"""Campaigns."""

from engine.declare.declarations import LookUp
from models.base.ids import Kind
from resolvers.campaigns import reads
from schema.campaigns.enums import ENUMS
from schema.campaigns.mutations import CampaignMutation
from schema.campaigns.queries import CampaignQuery
from schema.campaigns.types import Campaign
from schema.fields.contribution import Contribution

CONTRIBUTION = Contribution(
    queries=(CampaignQuery,),
    mutations=(CampaignMutation,),
    look_ups={Kind.CAMPAIGN: LookUp(Campaign, reads.by_id)},
    enums=ENUMS,
)
