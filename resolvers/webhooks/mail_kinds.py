"""The mails that tell of a webhook that was paused, and of deliveries that failed for good."""

from resolvers.effects.mail_limits import HOUR, Budget, MailKind, MailPolicy, Whose

WEBHOOK_NOTICES = MailPolicy("webhook notices", (Budget(Whose.RECIPIENT_IN_TREE, 20, HOUR, drops=True),))

WEBHOOK_PAUSED = MailKind("A webhook on Mandant was paused", WEBHOOK_NOTICES)
WEBHOOK_DELIVERY_FAILED = MailKind("A delivery to a webhook on Mandant failed", WEBHOOK_NOTICES)

MAIL_KINDS = (WEBHOOK_PAUSED, WEBHOOK_DELIVERY_FAILED)
