"""How the kind cluster comes up, what runs on it, and the fixtures that tests reach it by.

Everything up to the fixtures runs on the system's Python with nothing installed: `make cluster` is the first
command a newcomer types.
"""
