"""What the oracle counted, at the end of a run."""

import pytest

COUNTED = "isolation"
"""The property of a test's report that tells it."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it, also of tests that ran in other processes."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == COUNTED:
                    terminalreporter.write_line(f"isolation: {value}")
