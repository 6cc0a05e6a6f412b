"""The rows of the matrix for usage."""

from tests.areas.subscriptions.matrix import STATISTICS_READERS

ACCOUNT_FIELDS = {
    "usage": ("STATISTICS_READ", STATISTICS_READERS),
    "usageHistory": ("STATISTICS_READ", STATISTICS_READERS),
}
