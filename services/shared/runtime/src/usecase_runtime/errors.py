"""The ways in which work for another process can fail, for whoever decides what to do about it."""


class Unavailable(Exception):  # noqa: N818 - read as a sentence: `raise Unavailable(...)`
    """Something we need is away or overloaded, and all allowed tries are used up. Later it may work."""


class ServerError(Unavailable):
    """The other side answered 500: it broke on this very request, while others may work."""


class NotDone(Unavailable):
    """Away, and certainly nothing of the call was done: even what is not repeatable may be sent again."""


class NotSent(NotDone):
    """No connection came about: the other side never heard of it."""


class NotTaken(Unavailable):
    """A broker that is there did not take a message: it said no, or nothing for too long."""


class NotFound(Exception):  # noqa: N818
    """The thing does not exist. Never tried again."""


class Refused(Exception):  # noqa: N818
    """The request will never work: the other side's 4xx `status` and its problem `body` say why."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:300].decode(errors='replace')}")
        self.status, self.body = status, body


class Reject(Exception):  # noqa: N818
    """This message will never work: dead-letter it now."""


class Unroutable(Exception):  # noqa: N818
    """No queue is bound for the routing key: the message went nowhere."""
