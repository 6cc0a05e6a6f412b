"""The mail that invites to an account."""

from resolvers.effects.mail_limits import OFFERS, MailKind

INVITATION = MailKind("You are invited to an account on Mandant", OFFERS)

MAIL_KINDS = (INVITATION,)
