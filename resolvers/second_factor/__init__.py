"""Second factors: codes of an app, recovery codes, passkeys, and the accounts that require one."""
