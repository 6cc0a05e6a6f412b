"""The mail that asks owners who and what shall keep its access."""

from resolvers.effects.mail_limits import DAY, Budget, MailKind, MailPolicy, Whose

ACCESS_REVIEW_NOTICES = MailPolicy(
    "access review notices", (Budget(Whose.RECIPIENT_IN_TREE, 20, DAY, drops=True),)
)

ACCESS_REVIEW_ASKED = MailKind("Confirm who has access on Mandant", ACCESS_REVIEW_NOTICES)

MAIL_KINDS = (ACCESS_REVIEW_ASKED,)
