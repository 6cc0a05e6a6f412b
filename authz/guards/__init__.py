"""What every write goes through: it locks accounts, and reads rights behind the locks."""
