"""Parent access: how far rights from above reach into an account, and break-glass."""
