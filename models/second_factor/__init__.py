"""Second factors: codes of an app, recovery codes, passkeys, and which accounts require one."""
