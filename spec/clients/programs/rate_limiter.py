"""A rate limiter: at most 5 requests of a client in 60 seconds. Counts with add and incr, which are atomic.

Usage: rate_limiter.py PORT, with a hotset that was started with --debug-clock: a minute passes at once.
"""

import socket
import sys

from pymemcache.client.base import Client

LIMIT = 5
WINDOW_SECONDS = 60

server = ("127.0.0.1", int(sys.argv[1]))
cache = Client(server, default_noreply=False)


def allowed(client):
    key = "requests:" + client
    if cache.add(key, "1", expire=WINDOW_SECONDS):
        return True
    count = cache.incr(key, 1)
    # None: the window has ended between the two commands.
    return count is None or count <= LIMIT


def requests(count):
    return " ".join("yes" if allowed("10.0.0.7") else "no" for _ in range(count))


def skip_time(seconds):
    with socket.create_connection(server) as connection:
        connection.sendall(b"debugtime %d\r\n" % seconds)
        assert connection.recv(100) == b"OK\r\n"


print("first minute:", requests(7))
print("another client:", "yes" if allowed("10.0.0.8") else "no")
skip_time(61)
print("a minute later:", requests(2))
