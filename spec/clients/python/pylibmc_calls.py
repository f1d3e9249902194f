"""pylibmc, over libmemcached: what each call returns, as JSON.

Usage: pylibmc_calls.py PORT text|binary [USERNAME PASSWORD]
"""

import json
import sys

import pylibmc

address, protocol = "127.0.0.1:" + sys.argv[1], sys.argv[2]
credentials = dict(zip(("username", "password"), sys.argv[3:]))


def connect(**behaviors):
    return pylibmc.Client([address], binary=protocol == "binary", behaviors=behaviors, **credentials)


def outcome(call, *args, **options):
    """What a call returns, or the name of what it raises."""
    try:
        return call(*args, **options)
    except pylibmc.Error as error:
        return type(error).__name__


client = connect(cas=True)
results = {"flush_all": client.flush_all()}

values = {
    "text": "grüße, 世界",
    "empty": "",
    "bytes": b"\x00\xff\r\nEND\r\n",
    "integer": -42,
    "long": 2**70,
    "float": 2.5,
    "true": True,
    "object": {"a": [1, None]},
}
results["types"] = {name: client.set(name, value) and client.get(name) == value for name, value in values.items()}
results["get_multi of types"] = client.get_multi(list(values)) == values
results["get of a miss"] = [client.get("nobody"), client.get("nobody", "default")]

results["set_multi"] = client.set_multi({"1": "one", "2": "two"}, time=100, key_prefix="n")
results["get_multi"] = client.get_multi(["1", "2", "3"], key_prefix="n")
results["add_multi"] = client.add_multi({"2": "again", "3": "three"}, key_prefix="n")
results["get_multi after that"] = client.get_multi(["1", "2", "3"], key_prefix="n")
results["delete_multi"] = client.delete_multi(["1", "2", "3"], key_prefix="n")
results["delete_multi again"] = client.delete_multi(["1", "2", "3"], key_prefix="n")
many = {"key-%d" % number: "value %d " % number * 100 for number in range(500)}
results["500 keys"] = [client.set_multi(many), client.get_multi(list(many)) == many, client.delete_multi(list(many))]

results["add"] = [client.add("new", "1"), client.add("new", "2")]
results["replace"] = client.replace("new", "b")
results["replace of a miss"] = outcome(client.replace, "nobody", "b")
results["append"] = [client.append("new", "c"), outcome(client.append, "nobody", "c")]
results["prepend"] = [client.prepend("new", "a"), outcome(client.prepend, "nobody", "a"), client.get("new")]
results["delete"] = [client.delete("new"), outcome(client.delete, "new"), "new" in client]

client.set("count", 10)
results["incr"] = [client.incr("count", 5), client.get("count"), outcome(client.incr, "nobody")]
results["decr"] = [client.decr("count"), client.decr("count", 100), outcome(client.decr, "nobody")]
client.set_multi({"a": 1, "b": 2})
client.incr_multi(["a", "b"], delta=10)
results["incr_multi"] = client.get_multi(["a", "b"])
client.set("word", "abc")
results["incr of a word"] = outcome(client.incr, "word")

client.set("swap", "old")
value, cas = client.gets("swap")
results["gets"] = [value, cas > 0, client.gets("nobody")]
results["cas"] = [client.cas("swap", "new", cas), client.cas("swap", "late", cas), client.get("swap")]
results["cas of a miss"] = outcome(client.cas, "nobody", "x", cas)

results["touch"] = [client.touch("swap", 100), client.touch("nobody", 100)]
results["compressed"] = [
    client.set("small", "x" * 100_000, min_compress_len=100),
    client.get("small") == "x" * 100_000,
    client.set("smallest", "x" * 100_000, min_compress_len=100, compress_level=9),
    client.get("smallest") == "x" * 100_000,
]
results["big"] = [client.set("big", b"x" * 1_000_000), client.get("big") == b"x" * 1_000_000]
results["too big"] = [outcome(client.set, "big", b"x" * 2_000_000), client.get("big")]
results["a key of 250 bytes"] = [client.set("k" * 250, "v"), client.get("k" * 250)]

client["item"] = 1
del client["item"]
results["as a mapping"] = ["item" in client, "swap" in client, client["swap"]]

[(name, stats)] = client.get_stats()
results["get_stats"] = [name.decode().startswith(address), int(stats["limit_maxbytes"])]

ketama = connect(ketama=True, tcp_nodelay=True, no_block=True, remove_failed=4, retry_timeout=1, dead_timeout=60)
results["ketama"] = [ketama.set("ring", "x"), ketama.get("ring"), client.get("ring")]
weighted = connect(ketama_weighted=True, ketama_hash="md5", distribution="consistent ketama", hash="murmur")
results["ketama_weighted"] = [weighted.set("ring", "y"), weighted.get("ring"), client.get("ring")]
clone = client.clone()
results["clone"] = clone.get("swap")

pool = pylibmc.ClientPool(client, 2)
with pool.reserve() as pooled:
    results["pool"] = pooled.get("swap")

results["get after flush_all"] = [client.flush_all(), client.get("swap")]
client.disconnect_all()
results["set after disconnect_all"] = [client.set("later", "x"), client.get("later")]

print(json.dumps(results))
