"""Lines of CSV."""

import csv
import io
from collections.abc import Sequence


def written(rows: Sequence[Sequence[str]]) -> bytes:
    """The rows, each as a line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
