"""The mail that offers a share."""

from resolvers.effects.mail_limits import OFFERS, MailKind

SHARE = MailKind("An account on Mandant is shared with you", OFFERS)

MAIL_KINDS = (SHARE,)
