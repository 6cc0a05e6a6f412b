"""What one piece of work may take."""

CPU_SECONDS = 1.0
"""Of the processor. The system ends the process that takes more, whatever it is doing."""

WALL_SECONDS = 10.0
"""Until its answer is waited for no longer, on a machine with other work."""

MEMORY_BYTES = 768 * 1024 * 1024
"""Of the process, with its programs."""

MOST_OUTPUT_BYTES = 2_000_000
"""Of one rendered part."""

MOST_LOCAL_BYTES = 4_000_000
"""Of what a template assigns to variables."""

MOST_LOOPS = 10_000
"""Of the loops that stand in each other, together."""

MOST_FUNCTION_CALLS = 1_000
"""Of field functions, with those that they render themselves."""

MOST_WARNINGS = 100

LONGEST_SUBJECT = 998
"""In characters: as long as a line of a message may be."""
