"""Which plan an account has, from when on."""
