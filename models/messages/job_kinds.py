"""What has to be done for messages. A job's subject is a tree."""

from models.effects.jobs import JobKind

MESSAGE_DELIVERY = JobKind("message_delivery", due="mandant_deliveries_due", is_held_after_deaths=False)
"""Its messages have to be handed over. A job does one batch, and puts in the next one behind the jobs of
other trees. Messages are claimed before they are handed over, so no two workers die of the same ones."""

JOB_KINDS = (MESSAGE_DELIVERY,)
