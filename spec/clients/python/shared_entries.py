"""The Python side of shared-entries.spec.ts: reads what the Node process stored, stores for it to read.

Usage: shared_entries.py PORT
"""

import json
import sys

from pymemcache.client.base import Client


class JsonSerde(object):
    def serialize(self, key, value):
        if isinstance(value, bytes):
            return value, 4
        if isinstance(value, str):
            return value.encode("utf-8"), 1
        return json.dumps(value).encode("utf-8"), 2

    def deserialize(self, key, value, flags):
        if flags in (0, 1):
            return value.decode("utf-8")
        return json.loads(value.decode("utf-8")) if flags == 2 else value


cache = Client(("127.0.0.1", int(sys.argv[1])), serde=JsonSerde(), allow_unicode_keys=True)
print(
    json.dumps(
        {
            "text": cache.get("node:text"),
            "json": cache.get("node:json"),
            "bytes": list(cache.get("node:bytes")),
            "long": len(cache.get("node:long")),
            "unicode key": cache.get("node:schlüssel-世界"),
            "deleted": cache.get("node:deleted"),
        }
    )
)
cache.set("python:text", "grüße aus Python")
cache.set("python:json", {"from": "python", "numbers": [1, 2.5, None]})
cache.set("python:bytes", bytes(range(256)))
cache.set("python:long", "ü" * 50_000)
cache.set("python:schlüssel-世界", "found")
cache.delete("node:text", noreply=False)
