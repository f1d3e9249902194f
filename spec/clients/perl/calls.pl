# Perl's Cache::Memcached: what each call returns, as JSON.
# Usage: calls.pl PORT

use strict;
use warnings;
use utf8;
use Cache::Memcached;
use JSON::PP;

my $address = "127.0.0.1:$ARGV[0]";
my $cache   = Cache::Memcached->new({ servers => [$address], connect_timeout => 10 });
$cache->flush_all;
my %results;

my %values = (
    text   => 'hello',
    empty  => '',
    bytes  => "\x00\xff\r\nEND\r\n",
    number => '-42',
    object => { id => 7, tags => [ 'a', 'b' ], nothing => undef },
);
my $json = JSON::PP->new->canonical->allow_nonref;
for my $name (keys %values) {
    my $set = $cache->set($name, $values{$name});
    $results{types}{$name} = $set && $json->encode($cache->get($name)) eq $json->encode($values{$name}) ? 1 : 0;
}
$results{get_multi} = $json->encode($cache->get_multi(keys %values, 'nobody')) eq $json->encode(\%values) ? 1 : 0;
$results{'get of a miss'} = $cache->get('nobody');

$cache->set("key-$_", "value of $_", 100) for 1 .. 200;
my $found = $cache->get_multi(map { "key-$_" } 1 .. 200);
$results{'get_multi of 200 keys'} = [ scalar(keys %$found), $found->{'key-200'} ];

$results{add}     = [ $cache->add('new', 'a'), $cache->add('new', 'b') ];
$results{replace} = [ $cache->replace('new', 'b'), $cache->replace('nobody', 'b') ];
$results{append}  = [ $cache->append('new', 'c'), $cache->append('nobody', 'c') ];
$results{prepend} = [ $cache->prepend('new', 'a'), $cache->get('new') ];
$results{delete}  = [ $cache->delete('new'), $cache->delete('new'), $cache->get('new') ];
$cache->set('new', 'a');
$results{remove} = [ $cache->remove('new'), $cache->get('new') ];

$cache->set('count', 10);
$results{incr} = [ $cache->incr('count', 5), $cache->incr('count'), $cache->incr('nobody') ];
$results{decr} = [ $cache->decr('count'), $cache->decr('count', 100), $cache->decr('nobody') ];
$results{'incr of a word'} = $cache->incr('text');

my $compressing = Cache::Memcached->new({ servers => [$address], compress_threshold => 1000, connect_timeout => 10 });
my $long        = 'hotset ' x 10_000;
$results{compressed} = [ $compressing->set('long', $long), $compressing->get('long') eq $long ? 1 : 0 ];
$compressing->enable_compress(0);
$results{'read uncompressed'} = $compressing->get('long') eq $long ? 1 : 0;
my $big = 'x' x 1_000_000;
$results{big} = [ $cache->set('big', $big), $cache->get('big') eq $big ? 1 : 0 ];
$results{'too big'} = [ $cache->set('big', $big . $big), $cache->get('big') ];

my $spaced = Cache::Memcached->new({ servers => [$address], namespace => 'ns:', connect_timeout => 10 });
$results{namespace} = [ $spaced->set('text', 'spaced'), $spaced->get('text'), $cache->get('ns:text'), $cache->get('text') ];
# A pair instead of a key says where the key belongs.
$results{'key with a hash'} = [ $cache->set([ 7, 'hashed' ], 'x'), $cache->get([ 7, 'hashed' ]) ];
$results{'expired at once'} = [ $cache->set('gone', 'x', -1), $cache->get('gone') ];

# "stats malloc", which the module asks for by default, is no longer known.
my $stats = $cache->stats([ 'misc', 'malloc', 'items', 'slabs' ])->{hosts}{$address};
$results{stats} = [ @{ $stats->{misc} }{qw(limit_maxbytes pointer_size)} ];
$results{'stats items'} = $stats->{items} =~ /^STAT items:\d+:number \d+\r$/m ? 1 : 0;
$results{'stats slabs'} = $stats->{slabs} =~ /^STAT total_malloced \d+\r$/m ? 1 : 0;

$results{'get after flush_all'} = [ $cache->flush_all, $cache->get('text') ];
$cache->disconnect_all;
$results{'set after disconnect_all'} = [ $cache->set('later', 'x'), $cache->get('later') ];

print $json->encode(\%results), "\n";
