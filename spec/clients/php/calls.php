<?php
// PHP's memcached extension: what each call returns, as JSON.
// Usage: calls.php PORT text|binary [USERNAME PASSWORD]

$binary = $argv[2] === 'binary';
$cache = new Memcached();
$cache->setOption(Memcached::OPT_BINARY_PROTOCOL, $binary);
if ($argc === 5) {
    $cache->setSaslAuthData($argv[3], $argv[4]);
}
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

$results['add'] = [$cache->add('new', 'a'), $cache->add('new', 'b'), $cache->getResultMessage()];
$results['replace'] = [$cache->replace('new', 'b'), $cache->replace('nobody', 'b')];
$cache->setOption(Memcached::OPT_COMPRESSION, false);
$results['append'] = [$cache->append('new', 'c'), $cache->append('nobody', 'c')];
$results['prepend'] = [$cache->prepend('new', 'a'), $cache->get('new')];
$results['too big'] = [$cache->set('new', str_repeat('x', 2000000)), $cache->getResultMessage(), $cache->get('new')];
$cache->set('new', 'abc');
$results['delete'] = [$cache->delete('new'), $cache->delete('new')];

$cache->set('count', 10);
$results['increment'] = [$cache->increment('count', 5), $cache->get('count'), $cache->increment('nobody')];
$results['decrement'] = [$cache->decrement('count'), $cache->decrement('count', 100)];

$results['increment of a word'] = $cache->increment('made');
// Only the binary protocol has an initial value.
$results['increment with an initial value'] = $binary ? [$cache->increment('born', 1, 10, 100), $cache->increment('born', 2, 10, 100)] : null;

$cache->set('swap', 'old');
$cas = $cache->get('swap', null, Memcached::GET_EXTENDED)['cas'];
$results['cas'] = [
    $cache->cas($cas, 'swap', 'new'),
    $cache->cas($cas, 'swap', 'late'),
    $cache->getResultCode() === Memcached::RES_DATA_EXISTS,
    $cache->get('swap'),
];
$results['getDelayed'] = [$cache->getDelayed(['swap', 'nobody'], true), array_column($cache->fetchAll(), 'value', 'key')];
$results['touch'] = [$cache->touch('swap', 100), $cache->touch('nobody', 100)];
$results['expired at once'] = [$cache->set('gone', 'x', -1), $cache->get('gone')];

$cache->setOption(Memcached::OPT_NOREPLY, true);
$results['set without a reply'] = $cache->set('quiet', 'x');
$cache->setOption(Memcached::OPT_NOREPLY, false);
$results['get after that'] = $cache->get('quiet');
$cache->setOption(Memcached::OPT_BUFFER_WRITES, true);
$results['buffered sets'] = [$cache->set('later', 'x'), $cache->getResultMessage(), $cache->set('latest', 'y'), $cache->get('later')];
$cache->setOption(Memcached::OPT_BUFFER_WRITES, false);

$results['getVersion'] = array_map(fn ($version) => preg_match('/^\d+\.\d+\.\d+$/', $version), array_values($cache->getVersion()));
$stats = array_values($cache->getStats())[0];
$results['getStats'] = [$stats['limit_maxbytes'], $stats['pointer_size']];
$results['getStats settings'] = array_values($cache->getStats('settings'))[0]['maxconns'];
// Only the text protocol lists keys.
$results['getAllKeys'] = $binary ? null : in_array('swap', $cache->getAllKeys(), true);
$results['flush'] = [$cache->flush(), $cache->get('swap')];
$results['quit'] = [$cache->quit(), $cache->set('after', 'x'), $cache->get('after')];

echo json_encode($results);
