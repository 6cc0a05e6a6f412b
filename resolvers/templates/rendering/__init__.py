"""Rendering templates, in a process of its own.

No limit of Liquid, of the parsers of HTML or of CSS bounds the time that they take: 72 KB of nested tags keep
Liquid's lexer busy for seconds, and nothing in a process can interrupt that. So a process of its own does the
work, and the system ends it when it has used its time or memory (`limits`, `process`, `renderer`).
"""
