"""Talking to models: what is sent and what comes back, one client per sort of endpoint, limits and patience.

`messages` is what the rest of the interpreter knows; the clients (`openai`, `embedded`, `scripted`) are chosen where a
run begins.
"""
