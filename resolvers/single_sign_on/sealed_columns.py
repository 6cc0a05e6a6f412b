"""What is stored of single sign-on encrypted."""

from models.single_sign_on.tables import single_sign_ons
from resolvers.sealing.places import SealedColumn

CLIENT_SECRET = SealedColumn(single_sign_ons, "client_secret")

SEALED_COLUMNS = (CLIENT_SECRET,)
