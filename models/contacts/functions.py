"""The area's stored functions."""

from models.base.stored_functions import functions_in
from models.contacts.jobs import KEPT_AFTER_CLOSING, UPLOAD_TIME

FUNCTIONS = functions_in(
    __package__, "due", upload_time=UPLOAD_TIME.seconds, kept_after_closing=KEPT_AFTER_CLOSING.days
)
