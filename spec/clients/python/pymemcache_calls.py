"""pymemcache's Client, PooledClient and HashClient: what each call returns, as JSON.

Usage: pymemcache_calls.py PORT Client|PooledClient|HashClient
"""

import json
import sys

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError

port = int(sys.argv[1])
server = ("127.0.0.1", port)
client = {
    "Client": lambda: Client(server),
    "PooledClient": lambda: PooledClient(server, max_pool_size=4),
    "HashClient": lambda: HashClient([server]),
}[sys.argv[2]]()
client.flush_all()
results = {}


def plain(value):
    """What JSON can say: bytes as text, keys too."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    return value


def note(name, value):
    results[name] = plain(value)


# Default: the client asks for no reply and returns True whatever happens.
note("set", client.set("text", "grüße".encode()))
note("get", client.get("text"))
note("get of a miss", client.get("nobody"))
note("get of a miss with default", client.get("nobody", "default"))
note("set_many", client.set_many({"one": "1", "two": "2"}))
note("get_many", client.get_many(["one", "none", "two"]))
note("add by noreply", [client.add("one", "11"), client.get("one")])
note("delete by noreply", [client.delete("one"), client.get("one")])
note("delete_many", [client.delete_many(["one", "two"]), client.get_many(["one", "two"])])

note("add", [client.add("new", "1", noreply=False), client.add("new", "2", noreply=False)])
note("replace", [client.replace("new", "3", noreply=False), client.replace("nobody", "4", noreply=False)])
note("append", [client.append("new", "!", noreply=False), client.append("nobody", "!", noreply=False)])
note("prepend", [client.prepend("new", "<", noreply=False), client.get("new")])
note("delete", [client.delete("new", noreply=False), client.delete("new", noreply=False)])

client.set("count", "10")
note("incr", [client.incr("count", 5), client.incr("nobody", 5)])
note("decr", [client.decr("count", 1), client.decr("count", 100), client.decr("nobody", 1)])
client.set("word", "abc")
try:
    note("incr of a word", client.incr("word", 1))
except MemcacheClientError as error:
    note("incr of a word", error.args[0])

client.set("swap", "old")
value, cas = client.gets("swap")
note("gets", [value, cas.isdigit()])
note("gets of a miss", client.gets("nobody"))
note("cas", [client.cas("swap", "new", cas), client.cas("swap", "late", cas), client.cas("nobody", "x", cas)])
note("value after cas", client.get("swap"))
many = client.gets_many(["swap", "nobody"])
note("gets_many", [[key, pair[0]] for key, pair in many.items()])

note("touch", [client.touch("swap", 100, noreply=False), client.touch("nobody", 100, noreply=False)])
note("touch by noreply", client.touch("swap", 100))
note("expired at once", [client.set("gone", "x", expire=-1), client.get("gone")])
note("big", [client.set("big", "x" * 1_000_000), len(client.get("big"))])
note("empty", [client.set("empty", ""), client.get("empty")])
note("a key of 250 bytes", [client.set("k" * 250, "v"), client.get("k" * 250)])

if hasattr(client, "stats"):
    stats = client.stats()
    note("stats", {name: stats[name] for name in (b"limit_maxbytes", b"pointer_size", b"accepting_conns")})
    note("stats settings", client.stats("settings")[b"maxconns"])
    note("version", len(client.version().split(b".")))
client.flush_all(noreply=False)
note("get after flush_all", client.get("swap"))
client.set("last", "x")
client.quit()

print(json.dumps(results))
