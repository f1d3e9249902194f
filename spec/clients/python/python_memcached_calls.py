"""python-memcached (the module `memcache`): what each call returns, as JSON.

Usage: python_memcached_calls.py PORT
"""

import json
import sys

import memcache

client = memcache.Client(["127.0.0.1:" + sys.argv[1]], cache_cas=True)
client.flush_all()
results = {}

values = {"text": "grüße", "bytes": b"\x00\xff\r\n", "integer": 42, "object": {"a": [1, None]}, "true": True}
results["types"] = {name: bool(client.set(name, value)) and client.get(name) == value for name, value in values.items()}
results["get of a miss"] = client.get("nobody")

results["set_multi"] = client.set_multi({"1": "one", "2": "two"}, key_prefix="n")
results["get_multi"] = client.get_multi(["1", "2", "3"], key_prefix="n")
results["delete_multi"] = client.delete_multi(["1", "2"], key_prefix="n")
results["get_multi after that"] = client.get_multi(["1", "2"], key_prefix="n")
results["set_multi noreply"] = [client.set_multi({"3": "three"}, noreply=True), client.get("3")]

results["add"] = [client.add("new", "1"), client.add("new", "2")]
results["replace"] = [client.replace("new", "b"), client.replace("nobody", "b")]
results["append"] = [client.append("new", "c"), client.append("nobody", "c")]
results["prepend"] = [client.prepend("new", "a"), client.get("new")]
results["delete"] = [client.delete("new"), client.get("new")]

client.set("count", "10")
results["incr"] = [client.incr("count", 5), client.incr("nobody")]
results["decr"] = [client.decr("count"), client.decr("count", 100)]

client.set("swap", "old")
client.gets("swap")
results["cas"] = [client.cas("swap", "new"), client.cas("swap", "late"), client.get("swap")]

results["touch"] = [client.touch("swap", 100), client.touch("nobody", 100)]
results["compressed"] = [bool(client.set("big", "x" * 100_000, min_compress_len=100)), len(client.get("big"))]

[(_, stats)] = client.get_stats()
results["get_stats"] = stats["limit_maxbytes"]
[(_, settings)] = client.get_stats("settings")
results["get_stats settings"] = settings["maxconns"]

client.flush_all()
results["get after flush_all"] = client.get("swap")
client.disconnect_all()

print(json.dumps(results))
