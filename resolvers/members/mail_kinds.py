"""The mail that offers an ownership."""

from resolvers.effects.mail_limits import OFFERS, MailKind

OWNERSHIP_OFFER = MailKind("You are offered the ownership of an account on Mandant", OFFERS)

MAIL_KINDS = (OWNERSHIP_OFFER,)
