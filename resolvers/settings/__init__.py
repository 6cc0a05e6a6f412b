"""Settings: what accounts set, inherit, lock for those below, and copy from each other."""
