"""The first things to try: values that expire, several at once, a counter.

Usage: basics.py PORT
"""

import sys

from pymemcache.client.base import Client

cache = Client(("127.0.0.1", int(sys.argv[1])))

cache.set("greeting", "hello", expire=60)
print("get:", cache.get("greeting"))

cache.set_multi({"user:1": "Ada", "user:2": "Grace"}, expire=60)
print("get_multi:", cache.get_multi(["user:1", "user:2", "user:3"]))

cache.delete("user:1")
print("after delete:", cache.get("user:1"))

cache.set("visits", "0")
for _ in range(3):
    cache.incr("visits", 1)
print("visits:", cache.get("visits"))
