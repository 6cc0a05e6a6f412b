"""When bounces exclude an address (R79). A hard one does so at once."""

import datetime

SOFT_BOUNCES = 5
"""So many soft bounces exclude the address."""

WINDOW = datetime.timedelta(days=30)
"""If they are no further apart than this."""
