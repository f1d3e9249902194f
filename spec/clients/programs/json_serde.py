"""The JSON serializer of pymemcache's documentation: flags 1 for text, 2 for JSON.

Usage: json_serde.py PORT
"""

import json
import sys

from pymemcache.client.base import Client


class JsonSerde(object):
    def serialize(self, key, value):
        if isinstance(value, str):
            return value.encode("utf-8"), 1
        return json.dumps(value).encode("utf-8"), 2

    def deserialize(self, key, value, flags):
        if flags == 1:
            return value.decode("utf-8")
        if flags == 2:
            return json.loads(value.decode("utf-8"))
        raise Exception("Unknown serialization format")


cache = Client(("127.0.0.1", int(sys.argv[1])), serde=JsonSerde())
cache.set("text", "grüße")
cache.set("object", {"a": "b", "c": ["d", 1.5, None]})
print(cache.get("text"))
print(cache.get("object"))
print(cache.get_many(["text", "object"]))
