<?php
// The servers that libmemcached finds for keys, as JSON. The input is JSON:
// { "weighted": bool, "hash": number | null, "servers": [[host, port, weight], …], "keys": [key, …] }.

$input = json_decode(stream_get_contents(STDIN), true);
$cache = new Memcached();
if ($input['weighted']) {
    $cache->setOption(Memcached::OPT_LIBKETAMA_COMPATIBLE, true);
} else {
    $cache->setOption(Memcached::OPT_DISTRIBUTION, Memcached::DISTRIBUTION_CONSISTENT);
}
if ($input['hash'] !== null) {
    $cache->setOption(Memcached::OPT_HASH, $input['hash']);
}
$cache->addServers($input['servers']);
echo json_encode(array_map(function ($key) use ($cache) {
    $server = $cache->getServerByKey($key);
    return $server['host'] . ':' . $server['port'];
}, $input['keys']));
