"""How many examples hypothesis tries: few by default, many with `HYPOTHESIS_PROFILE=nightly`."""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = "nightly"
_NIGHTLY_FACTOR = 20

settings.register_profile(NIGHTLY, deadline=None, print_blob=True)
if "HYPOTHESIS_PROFILE" in os.environ:
    settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])


def examples(quick: int) -> settings:
    """`quick` examples, the same in every run; by night more, and others each time."""
    nightly = settings.get_current_profile_name() == NIGHTLY
    return settings(
        max_examples=quick * _NIGHTLY_FACTOR if nightly else quick,
        derandomize=not nightly,
        deadline=None,
        # Examples are set up in a database that other tests use at the same time.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
