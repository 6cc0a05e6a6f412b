"""Lists of recipients that are uploaded."""
