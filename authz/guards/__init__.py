"""The doors that every write goes through: they lock, and read rights behind the lock."""
