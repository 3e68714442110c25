"""Follow one kind of object in the API server by streaming, from the beginning again whenever that breaks."""

import http.client
import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

# The server ends a watch after 30 s and the next goes on: a dead connection is noticed that soon.
WATCH = {"watch": "1", "allowWatchBookmarks": "1", "timeoutSeconds": "30"}
INITIAL = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}  # all there is, then a bookmark
View = dict[str, Any]  # UID → what is kept of the object
Connect = Callable[[], tuple[http.client.HTTPConnection, dict[str, str]]]  # for one request, with its headers


def follow(path: str, keep: Callable[[Any], Any], publish: Callable[[View], None], connect: Connect) -> None:
    """For ever: publish what *keep* leaves of each object (None: drop it), when complete and at each difference.

    While the server does not answer, what was published stands; nodes come back at different moments."""
    while True:
        try:
            _follow(path, keep, publish, connect)
        except (OSError, http.client.HTTPException, ValueError) as error:
            logging.warning("%s: %s; starting over", path, error)
            time.sleep(random.uniform(0.2, 2))


def _follow(path: str, keep: Callable[[Any], Any], publish: Callable[[View], None], connect: Connect) -> None:
    view: View = {}
    start = INITIAL
    while True:
        for kind, item in _events(f"{path}?{urlencode(WATCH | start)}", connect):
            meta = item["metadata"]
            complete = kind == "BOOKMARK" and "k8s.io/initial-events-end" in meta.get("annotations", {})
            uid, kept = meta.get("uid", ""), keep(item) if kind in ("ADDED", "MODIFIED") else None
            differs = kept != view.get(uid)
            if kept is None:
                view.pop(uid, None)
            else:
                view[uid] = kept
            if complete or start is not INITIAL:  # before that, no version tells where to go on
                start = {"resourceVersion": meta["resourceVersion"]}
                if complete or differs:
                    publish(view)
        if start is INITIAL:
            raise TimeoutError("the watch ended before all was told")


def _events(url: str, connect: Connect) -> Iterator[tuple[str, Any]]:
    connection, headers = connect()
    with closing(connection):
        connection.request("GET", url, headers=headers)
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"{response.status} {response.read(300).decode(errors='replace')}")
        for event in map(json.loads, response):
            if event["type"] == "ERROR":  # as 410: the version is too old
                raise ValueError(event["object"]["message"])
            yield event["type"], event["object"]
