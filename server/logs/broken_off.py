"""An answer that has begun and cannot be finished."""

import logging


class BrokenOff(Exception):
    """Ends the connection, so that the client notices that the rest is missing. The cause is in the log
    already, and nothing is wrong with the program."""


def is_no_report_of_it(record: logging.LogRecord) -> bool:
    """A filter of the log: uvicorn takes whatever ends an answer for an error, with its traceback."""
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenOff))
