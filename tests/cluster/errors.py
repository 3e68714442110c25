"""The one way bringing up a cluster fails: a sentence that names the thing, the reason and the next step."""


class ClusterError(Exception):
    """What the person at the keyboard reads, as one line; nothing else is printed of it."""
