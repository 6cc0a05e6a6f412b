"""What every table builds on: column shapes, ids, the clock, stored functions."""
