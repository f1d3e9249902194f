<?php
// PHP's memcached extension over the text protocol: what each call returns, as JSON.
// Usage: calls.php PORT

$cache = new Memcached();
$cache->setOption(Memcached::OPT_BINARY_PROTOCOL, false);
$cache->addServer('127.0.0.1', (int) $argv[1]);
$cache->flush();
$results = [];

$values = [
    'text' => 'grüße, 世界',
    'empty' => '',
    'int' => -42,
    'float' => 2.5,
    'true' => true,
    'false' => false,
    'array' => ['id' => 7, 'tags' => ['a', 'b'], 'nothing' => null],
    'compressed' => str_repeat('hotset ', 10000),
];
foreach ($values as $name => $value) {
    $results['types'][$name] = $cache->set($name, $value) && $cache->get($name) === $value;
}
$results['getMulti'] = $cache->getMulti(array_keys($values)) === $values;
$results['setMulti'] = [$cache->setMulti(['one' => 1, 'two' => 'zwei']), $cache->getMulti(['one', 'none', 'two'])];
$results['deleteMulti'] = $cache->deleteMulti(['one', 'none']);

$results['get of a miss'] = [$cache->get('nobody'), $cache->getResultCode() === Memcached::RES_NOTFOUND];
$results['get with a callback'] = $cache->get('made', function ($cache, $key, &$value) {
    $value = "made for $key";
    return true;
});
$results['get of what was made'] = $cache->get('made');

$results['add'] = [$cache->add('new', 'a'), $cache->add('new', 'b'), $cache->getResultCode() === Memcached::RES_NOTSTORED];
$results['replace'] = [$cache->replace('new', 'b'), $cache->replace('nobody', 'b')];
$cache->setOption(Memcached::OPT_COMPRESSION, false);
$results['append'] = [$cache->append('new', 'c'), $cache->append('nobody', 'c')];
$results['prepend'] = [$cache->prepend('new', 'a'), $cache->get('new')];
$results['delete'] = [$cache->delete('new'), $cache->delete('new')];

$cache->set('count', 10);
$results['increment'] = [$cache->increment('count', 5), $cache->get('count'), $cache->increment('nobody')];
$results['decrement'] = [$cache->decrement('count'), $cache->decrement('count', 100)];

$cache->set('swap', 'old');
$cas = $cache->get('swap', null, Memcached::GET_EXTENDED)['cas'];
$results['cas'] = [
    $cache->cas($cas, 'swap', 'new'),
    $cache->cas($cas, 'swap', 'late'),
    $cache->getResultCode() === Memcached::RES_DATA_EXISTS,
    $cache->get('swap'),
];
$results['touch'] = [$cache->touch('swap', 100), $cache->touch('nobody', 100)];
$results['expired at once'] = [$cache->set('gone', 'x', -1), $cache->get('gone')];

$results['getVersion'] = array_map(fn ($version) => preg_match('/^\d+\.\d+\.\d+$/', $version), array_values($cache->getVersion()));
$stats = array_values($cache->getStats())[0];
$results['getStats'] = [$stats['limit_maxbytes'], $stats['pointer_size']];
$results['getAllKeys'] = in_array('swap', $cache->getAllKeys(), true);
$results['flush'] = [$cache->flush(), $cache->get('swap')];

echo json_encode($results);
