/**
 * Documents as services hold them: `text(i)` is the JSON of the i-th of its kind. Texts that repeat (states,
 * currencies, languages) repeat here as they do in life.
 */

const words =
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore'.split(
    ' ',
  );
const cities = ['Berlin', 'Lisbon', 'San Francisco', 'Tokyo', 'Nairobi', 'São Paulo', 'Kraków', 'Oslo'];
const states = ['active', 'pending', 'suspended', 'closed'];
const currencies = ['EUR', 'USD', 'JPY'];

function pick(list, i) {
  return list[i % list.length];
}

function sentence(i, length) {
  return Array.from({ length }, (_, n) => pick(words, i * 7 + n * 3)).join(' ');
}

function hex(i, length) {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0').repeat(5).slice(0, length);
}

function time(i) {
  return new Date(1.7e12 + i * 61_003).toISOString();
}

const documents = {
  'user profile': (i) => ({
    id: i,
    uuid: `${hex(i, 8)}-${hex(i + 1, 4)}-4${hex(i, 3)}-a${hex(i + 2, 3)}-${hex(i + 3, 12)}`,
    email: `user.${i}@example.com`,
    firstName: pick(words, i),
    lastName: `${pick(words, i + 3)}son`,
    displayName: `${pick(words, i)} ${pick(words, i + 3)}son ${i}`,
    status: pick(states, i),
    role: i % 20 === 0 ? 'admin' : 'member',
    locale: 'en-US',
    timezone: 'Europe/Berlin',
    createdAt: time(i),
    updatedAt: time(i + 99),
    lastLoginAt: i % 5 === 0 ? null : time(i + 999),
    emailVerified: i % 3 !== 0,
    twoFactor: false,
    loginCount: i % 997,
    score: (i % 1000) / 8 + 0.0625,
    address: {
      street: `${i % 300} ${pick(words, i)} street`,
      city: pick(cities, i),
      zip: String(10_000 + i),
      country: 'DE',
    },
    preferences: {
      theme: 'dark',
      newsletter: true,
      pageSize: 50,
      tags: [pick(words, i), pick(words, i + 1)],
    },
  }),
  'order with lines': (i) => ({
    orderId: `ORD-2024-${String(i).padStart(8, '0')}`,
    customerId: i * 3,
    status: pick(['paid', 'shipped', 'returned'], i),
    currency: pick(currencies, i),
    placedAt: time(i),
    lines: Array.from({ length: 2 + (i % 4) }, (_, n) => ({
      sku: `SKU-${hex(i + n, 8)}`,
      title: sentence(i + n, 4),
      quantity: 1 + (n % 3),
      unitPrice: (i % 500) + 0.99,
      total: ((i % 500) + 0.99) * (1 + (n % 3)),
      taxRate: 0.19,
    })),
    shipping: { carrier: 'DHL', trackingNumber: hex(i, 20), cost: 4.95 },
    total: (i % 5000) + 0.45,
  }),
  'GeoJSON feature': (i) => ({
    type: 'Feature',
    id: `way/${1_000_000 + i}`,
    geometry: {
      type: 'LineString',
      coordinates: Array.from({ length: 12 }, (_, n) => [13.4 + i / 1e5 + n / 1e3, 52.5 + n / 1e3 + i / 1e6]),
    },
    properties: {
      name: `${pick(words, i)} path ${i}`,
      highway: 'residential',
      lanes: 2,
      surface: 'asphalt',
      oneway: i % 2 === 0,
    },
  }),
  'log event': (i) => ({
    level: pick(['info', 'info', 'warn', 'error'], i),
    time: 1.7e12 + i * 13,
    pid: 4711,
    hostname: `web-${i % 12}.eu-central.example.net`,
    reqId: hex(i, 16),
    msg: `${sentence(i, 6)} in ${i % 900} ms`,
    req: {
      method: pick(['GET', 'POST'], i),
      url: `/api/v1/items/${i}?page=${i % 7}`,
      remoteAddress: `10.0.${i % 256}.${i % 199}`,
    },
    res: { statusCode: pick([200, 200, 404], i), responseTime: (i % 900) + 0.125 },
  }),
  'package.json': (i) => ({
    name: `@scope/package-${i}`,
    version: `${i % 10}.${i % 40}.${i % 7}`,
    description: sentence(i, 9),
    main: 'dist/index.js',
    types: 'dist/index.d.ts',
    scripts: { build: 'tsc -p tsconfig.json', test: 'vitest run', lint: 'biome check' },
    keywords: [pick(words, i), pick(words, i + 2), pick(words, i + 5), pick(words, i + 9)],
    author: `${pick(words, i)} <${pick(words, i)}${i}@example.org>`,
    license: 'MIT',
    repository: { type: 'git', url: `git+https://example.com/scope/package-${i}.git` },
    dependencies: { lodash: '^4.17.21', express: '^4.19.2', zod: '^3.23.8' },
    devDependencies: { typescript: '^5.5.4', vitest: '^2.0.5' },
    engines: { node: '>=20' },
  }),
  tweet: (i) => ({
    created_at: new Date(1.7e12 + i * 61_003).toUTCString(),
    id: 1.7e18 + i * 4096,
    id_str: String(1_700_000_000_000_000_000n + BigInt(i) * 4096n),
    text: `${sentence(i, 14)} https://t.example/${hex(i, 10)}`,
    truncated: false,
    lang: pick(['en', 'de', 'ja'], i),
    in_reply_to_status_id: null,
    user: {
      id: 2 ** 33 + i,
      name: `${pick(words, i)} ${pick(words, i + 1)}`,
      screen_name: `${pick(words, i)}_${i}`,
      followers_count: i % 9999,
      verified: false,
      profile_image_url: `https://img.example/${hex(i, 12)}/normal.jpg`,
    },
    entities: {
      hashtags: [{ text: pick(words, i), indices: [3, 12] }],
      urls: [],
      user_mentions: [{ screen_name: `u${i % 1000}`, id: i, indices: [20, 31] }],
    },
    retweet_count: i % 77,
    favorite_count: i % 333,
    favorited: false,
    retweeted: false,
  }),
  'time series': (i) => ({
    metric: 'http_request_duration_seconds',
    labels: { job: 'api', instance: `10.1.2.${i % 200}:9100`, quantile: '0.99' },
    start: 1.7e9 + i * 15,
    step: 15,
    values: Array.from({ length: 60 }, (_, n) => Math.fround(Math.sin(i + n)) + 1.0001),
  }),
  'search hit': (i) => ({
    _index: 'articles-2024.05',
    _id: hex(i, 20),
    _score: 12.5 - (i % 100) / 16 + 0.01,
    _source: {
      title: sentence(i, 7),
      body: sentence(i, 60),
      tags: [pick(words, i), pick(words, i + 4), pick(words, i + 8)],
      author: { id: i % 500, name: `${pick(words, i)} ${pick(words, i + 2)}` },
      published: time(i).slice(0, 10),
      views: i % 10_000,
    },
    highlight: { body: [`${sentence(i, 6)} <em>${pick(words, i)}</em> ${sentence(i + 1, 4)}`] },
    sort: [12.5 - (i % 100) / 16 + 0.01, 1.7e12 + i],
  }),
  'product in a catalogue': (i) => ({
    sku: `P-${hex(i, 8)}`,
    name: `${sentence(i, 3)} ${i}`,
    slug: `${sentence(i, 3).replaceAll(' ', '-')}-${i}`,
    brand: pick(['Acme', 'Globex', 'Initech'], i),
    category: ['home', 'kitchen', pick(words, i)],
    price: { amount: (i % 300) + 0.5, currency: 'EUR', discount: null },
    stock: { warehouse: 'FRA-1', available: i % 90, reserved: i % 4 },
    attributes: [
      { name: 'colour', value: pick(['red', 'green', 'blue'], i) },
      { name: 'size', value: pick(['S', 'M', 'L', 'XL'], i) },
      { name: 'material', value: 'stainless steel' },
    ],
    images: [`https://cdn.example/p/${hex(i, 16)}-1.webp`, `https://cdn.example/p/${hex(i, 16)}-2.webp`],
    rating: { average: (i % 50) / 10 + 0.05, count: i % 800 },
    description: sentence(i, 40),
  }),
  'record of 19 fields': (i) => ({
    id: i,
    parentId: i >> 3,
    kind: pick(['task', 'bug', 'story'], i),
    title: sentence(i, 6),
    state: pick(['open', 'closed', 'done'], i),
    priority: pick(['low', 'high'], i),
    assignee: `user-${i % 400}`,
    reporter: `user-${i % 300}`,
    createdAt: 1.7e12 + i,
    updatedAt: 1.7e12 + i * 3,
    dueAt: null,
    estimate: (i % 16) + 0.5,
    spent: (i % 9) + 0.25,
    sprint: i % 40,
    labels: ['backend', pick(words, i)],
    watchers: [i % 100, i % 77, i % 55],
    isBlocked: false,
    isArchived: i % 50 === 0,
    project: { id: i % 12, key: 'HOT', name: 'the hot set' },
  }),
};

const SHORT = 12;

/** The same with texts that are flat and nobody else's, as they are when they were read from somewhere. */
function flattened(value) {
  if (typeof value === 'string') return value.length > SHORT ? Buffer.from(value).toString() : value;
  if (typeof value === 'object' && value !== null)
    for (const name of Object.keys(value)) {
      const item = value[name];
      if (typeof item !== 'number' && typeof item !== 'boolean') value[name] = flattened(item);
    }
  return value;
}

/** How a document comes to be: each takes `make(i)` and returns the same for documents of that origin. */
const origins = {
  parsed: (make) => (i) => JSON.parse(JSON.stringify(make(i))),
  literal: (make) => (i) => flattened(make(i)),
  'JSON twice': (make) => (i) => JSON.parse(JSON.stringify(JSON.parse(JSON.stringify(make(i))))),
  spread: (make) => (i) => ({ ...JSON.parse(JSON.stringify(make(i))) }),
  structuredClone: (make) => (i) => structuredClone(make(i)),
};

export { documents, origins };
