"""Cache warming: 10,000 entries in bulk without waiting for replies, then count the hits.

Usage: warming.py PORT
"""

import sys

from pymemcache.client.base import Client

COUNT = 10_000
BATCH = 500

cache = Client(("127.0.0.1", int(sys.argv[1])))


def batches(keys):
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


keys = ["product:%d" % number for number in range(COUNT)]
for batch in batches(keys):
    cache.set_many({key: "description of " + key for key in batch}, expire=3600, noreply=True)

hits = sum(len(cache.get_many(batch)) for batch in batches(keys))
print("%d of %d are warm" % (hits, COUNT))
stats = cache.stats()
print("get_hits %d, get_misses %d, curr_items %d" % (stats[b"get_hits"], stats[b"get_misses"], stats[b"curr_items"]))
