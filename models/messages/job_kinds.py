"""What has to be done for messages. A job's subject is a tree."""

from models.effects.jobs import JobKind

MESSAGE_DELIVERY = JobKind("message_delivery", due="mandant_deliveries_due")
"""Its messages have to be handed over. A job does one batch, and puts in the next one behind the jobs of
other trees."""

JOB_KINDS = (MESSAGE_DELIVERY,)
