"""The advisory locks of the whole database, each with a number of its own. Locks of one thing, such as an
account's contacts, have numbers that are made of its id."""

import enum


@enum.unique
class AdvisoryLock(enum.IntEnum):
    """What one transaction at a time does."""

    MIGRATING = 6303
    """Brings the database up to date."""
    MONTHS = 6304
    """Makes or drops the parts of tables that are divided by months."""
    DEMO_ACCESS = 6305
    """Reads and writes the file with the demo's tokens."""
    DEMO = 6306
    """Makes the demo."""
    TELLING_EXPIRIES = 6307
    """Tells of access that ends."""
