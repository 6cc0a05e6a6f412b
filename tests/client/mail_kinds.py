"""All kinds of mail."""

from models.areas import modules_of_areas
from resolvers.effects.mail_limits import MailKind

MAIL_KINDS: dict[str, MailKind] = {
    name: kind
    for area in modules_of_areas("resolvers.{area}.mail_kinds")
    for name, kind in vars(area).items()
    if kind in area.MAIL_KINDS
}
"""By the names of their constants."""
