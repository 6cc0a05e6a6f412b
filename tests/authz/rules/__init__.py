"""Single rules of access, one by one."""
