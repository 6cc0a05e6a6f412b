"""What of rights that several grants give ends when, by counting it out for every moment."""

import datetime
from functools import reduce
from operator import or_

from hypothesis import given
from hypothesis import strategies as st

from authz.dry_runs.snapshot import ends_of

_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_MOMENTS = [_START + datetime.timedelta(days=day) for day in range(5)]
_PARTS = st.lists(st.tuples(st.integers(0, 15), st.sampled_from([*_MOMENTS, None])), max_size=6)


@given(parts=_PARTS)
def test_what_is_left_after_every_moment(
    parts: list[tuple[int, datetime.datetime | None]],
) -> None:
    """Each right ends once, with the last grant that gives it; ends stand in the order of time."""
    ends = ends_of(parts)
    whole = reduce(or_, (mask for mask, _ in parts), 0)
    assert [end.ends_at for end in ends] == sorted({end.ends_at for end in ends})
    for moment in _MOMENTS:
        left = reduce(or_, (mask for mask, end in parts if end is None or end > moment), 0)
        assert whole & ~reduce(or_, (end.mask for end in ends if end.ends_at <= moment), 0) == left
