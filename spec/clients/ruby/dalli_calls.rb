# Ruby's Dalli 3: what each call returns, as JSON.
# Usage: dalli_calls.rb PORT [USERNAME PASSWORD]

require 'dalli'
require 'json'
require 'zlib'

Dalli.logger.level = Logger::FATAL
port, username, password = ARGV
ADDRESS = "127.0.0.1:#{port}".freeze
CREDENTIALS = { username: username, password: password }.compact.freeze

def connect(**options)
  Dalli::Client.new(ADDRESS, socket_timeout: 10, **CREDENTIALS, **options)
end

# What a block returns, or the name of what it raises.
def outcome
  yield
rescue Dalli::DalliError => e
  e.class.name
end

def stored?(cas)
  cas.is_a?(Integer) && cas.positive?
end

client = connect
results = { flush: client.flush }

values = {
  'text' => 'grüße, 世界',
  'empty' => '',
  'bytes' => "\x00\xff\r\nEND\r\n".b,
  'integer' => -42,
  'float' => 2.5,
  'object' => { id: 7, tags: ['a', :b], nothing: nil },
  'compressed' => 'hotset ' * 10_000
}
results[:types] = values.to_h { |name, value| [name, stored?(client.set(name, value)) && client.get(name) == value] }
results[:get_multi] = client.get_multi(values.keys, 'nobody') == values
yielded = []
client.get_multi('text', 'integer') { |key, value| yielded << [key, value] }
results['get_multi with a block'] = yielded.sort
results['get of a miss'] = client.get('nobody')
results[:fetch] = [client.fetch('made') { 'one' }, client.fetch('made') { 'two' }, client.get('made')]

results[:add] = [stored?(client.add('new', 'a')), client.add('new', 'b')]
results[:replace] = [stored?(client.replace('new', 'c')), client.replace('nobody', 'b')]
client.set('raw', 'b', 100, raw: true)
results[:append] = [client.append('raw', 'c'), client.append('nobody', 'c')]
results[:prepend] = [client.prepend('raw', 'a'), client.prepend('nobody', 'a'), client.get('raw', raw: true)]
results[:delete] = [client.delete('new'), client.delete('new')]

client.set('count', 10, nil, raw: true)
results[:incr] = [client.incr('count', 5), client.incr('nobody', 5), client.incr('born', 5, 100, 10), client.incr('born')]
results[:decr] = [client.decr('count'), client.decr('count', 100), client.decr('nobody'), client.decr('shrunk', 1, 0, 7)]
results['incr over 64 bits'] = [client.incr('wide', 1, 0, 2**64 - 1).to_s, client.incr('wide', 2)]
results['get of a counter'] = client.get('born', raw: true).strip
results['incr of a word'] = outcome { client.incr('raw') }

client.set('swap', 'old')
results[:cas] = [stored?(client.cas('swap') { |value| "#{value}er" }), client.get('swap'), client.cas('nobody') { 'x' }]
results[:cas!] = [stored?(client.cas!('made by cas') { |value| value.inspect }), client.get('made by cas')]
results['cas that comes late'] = client.cas('swap') { client.set('swap', 'between') && 'late' }
value, cas = client.get_cas('swap')
results[:get_cas] = [value, stored?(cas), client.get_cas('nobody')]
results[:get_multi_cas] = client.get_multi_cas('swap', 'nobody') == { 'swap' => ['between', cas] }
results[:set_cas] = [stored?(client.set_cas('swap', 'set', cas)), client.set_cas('swap', 'late', cas)]
results[:replace_cas] = [stored?(client.replace_cas('swap', 'replaced', client.get_cas('swap').last)),
                         client.replace_cas('swap', 'late', cas)]
results[:delete_cas] = [client.delete_cas('swap', cas), client.delete_cas('swap', client.get_cas('swap').last)]

client.set('touched', 'x')
results[:touch] = [client.touch('touched', 100), client.touch('nobody', 100)]
results[:gat] = [client.gat('touched', 100), client.gat('nobody', 100)]

many = (1..200).to_h { |number| ["key-#{number}", "value of #{number}"] }
results['multi set'] = client.multi { many.each { |key, text| client.set(key, text) } } && client.get_multi(many.keys) == many
# Nothing that fails: Dalli takes the first error of a quiet call for the end of all replies.
client.multi do
  client.add('key-201', 'added')
  client.replace('key-2', 'replaced')
  client.delete('key-3')
end
results['multi of others'] = client.get_multi('key-201', 'key-2', 'key-3')

random = Random.new(1).bytes(1_000_000)
raw = connect(compress: false, value_max_bytes: 4 * 1024 * 1024)
results[:big] = [stored?(raw.set('big', random, nil, raw: true)), raw.get('big', raw: true) == random]
results['too big'] = [outcome { raw.set('big', 'x' * 2_000_000, nil, raw: true) }, raw.get('big')]
gzip = connect(compressor: Dalli::GzipCompressor, compression_min_size: 10)
results[:gzip] = [stored?(gzip.set('zipped', 'x' * 100_000)), gzip.get('zipped') == 'x' * 100_000]
long = 'k' * 250
spaced = connect(namespace: 'ns')
results['a long key'] = [stored?(spaced.set(long * 2, 'v')), spaced.get(long * 2), stored?(client.set(long, 'v')), client.get(long)]
results['a key with spaces'] = [stored?(client.set('some key', 'v')), client.get('some key')]

results[:version] = client.version.transform_values { |version| version.match?(/\A\d+\.\d+\.\d+\z/) }.values
stats = client.stats.fetch(ADDRESS)
results[:stats] = stats.values_at('limit_maxbytes', 'pointer_size')
results['stats settings'] = client.stats(:settings).fetch(ADDRESS).values_at('maxconns', 'evictions')
results['stats items'] = client.stats(:items).fetch(ADDRESS).keys.any?(/\Aitems:\d+:number\z/)
results['stats slabs'] = client.stats(:slabs).fetch(ADDRESS).key?('total_malloced')
results[:reset_stats] = [client.reset_stats, client.stats.fetch(ADDRESS)['get_hits']]
results['get after flush'] = [client.flush_all, client.get('touched')]
client.close
results['set after close'] = [stored?(client.set('later', 'x')), client.get('later')]

puts JSON.generate(results)
