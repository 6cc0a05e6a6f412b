"""Why somebody may, or may not, do something: the rules, one by one."""
