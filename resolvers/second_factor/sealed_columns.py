"""What is stored of second factors encrypted."""

from models.second_factor.tables import totp_secrets
from resolvers.sealing.places import SealedColumn

TOTP_SECRET = SealedColumn(totp_secrets, "secret")

SEALED_COLUMNS = (TOTP_SECRET,)
