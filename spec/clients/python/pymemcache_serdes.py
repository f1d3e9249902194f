"""pymemcache's own serializer: flags 0 bytes, 1 pickle, 2 integer, 16 text. Prints JSON: name -> came back the same.

Usage: pymemcache_serdes.py PORT
"""

import json
import sys

from pymemcache import serde
from pymemcache.client.base import Client

client = Client(("127.0.0.1", int(sys.argv[1])), serde=serde.pickle_serde)
values = {
    "bytes": bytes(range(256)),
    "text": "grüße, 世界",
    "integer": -(2**70),
    "object": {"nested": [1, 2.5, None, ("a", b"b")]},
}
results = {}
for name, value in values.items():
    client.set(name, value)
    back = client.get(name)
    results["pickle_serde " + name] = back == value and type(back) is type(value)

results["pickle_serde get_many"] = client.get_many(list(values)) == values

old, cas = client.gets("text")
client.cas("text", {"new": old}, cas)
results["cas with a serializer"] = client.get("text") == {"new": values["text"]}

print(json.dumps(results))
