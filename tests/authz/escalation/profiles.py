"""How many examples hypothesis tries: few by default, many with `HYPOTHESIS_PROFILE=nightly`.

No example has a deadline: on a busy machine any of them may take long.
"""

import os

from hypothesis import HealthCheck, settings

NIGHTLY = "nightly"
_USUAL = "usual"
_NIGHTLY_FACTOR = 20

settings.register_profile(NIGHTLY, deadline=None, print_blob=True)
settings.register_profile(_USUAL, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", _USUAL))

BY_NIGHT = settings.get_current_profile_name() == NIGHTLY


def seeds(quick: int) -> range:
    """`quick` seeds for what draws by itself, always the same; by night more."""
    return range(quick * _NIGHTLY_FACTOR if BY_NIGHT else quick)


def examples(quick: int) -> settings:
    """`quick` examples, the same in every run; by night more, and others each time."""
    return settings(
        max_examples=quick * _NIGHTLY_FACTOR if BY_NIGHT else quick,
        derandomize=not BY_NIGHT,
        # Examples are set up in a database that other tests use at the same time.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
