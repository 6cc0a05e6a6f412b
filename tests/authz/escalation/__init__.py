"""Whether anybody can get more than was given, by any way."""
