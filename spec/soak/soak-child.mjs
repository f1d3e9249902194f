/**
 * Runs in a process of its own, with --expose-gc: see budget.spec.ts. Arguments: seconds, seed. Phases depend on the
 * seed alone; time only ends them. Prints samples and what was wrong, as JSON.
 */

import { CacheEngine, ManualClock } from '../../dist/index.js';
import { Random } from './random.mjs';
import { keyOf, kinds } from './values.mjs';

const MIB = 2 ** 20;
const BUDGET = 24 * MIB;
const SHARE = 0.1;
/** Two pages of V8's heap, one for each of the two readings. */
const ALLOWANCE = 2 * 256 * 1024;
/** Code, and a memo that is full: what a process that has seen all of it holds more. */
const DRIFT_MAX = 3_000_000;
const WARM_UP_PHASES = 3;
/** Flat, so that it takes the same from the start. */
const TOO_LARGE = Buffer.alloc(BUDGET + 1, 'x').latin1Slice();

const [seconds, seed] = process.argv.slice(2).map(Number);
const random = new Random(seed);
const make = kinds(random);
const kindNames = Object.keys(make);
const clock = new ManualClock();
const heard = { removals: 0, changes: 0 };

/**
 * What the process holds, once backing stores have been freed, which happens on another thread. Young objects are
 * collected first, as in life: that is when V8 lets go of the halves of joined strings.
 */
async function processBytes() {
  let last = 0;
  for (let i = 0; i < 14; i++) {
    globalThis.gc(i < 2 ? { type: 'minor' } : undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { heapUsed, external } = process.memoryUsage();
    if (i > 4 && Math.abs(heapUsed + external - last) < 4000) break;
    last = heapUsed + external;
  }
  return last;
}

let engine;
let settings;
let unsubscribes = [];

function renew() {
  settings = {
    ttlMs: random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1000, 60_000]),
    trackAccess: random.chance(0.3),
    evict: random.chance(0.85),
    hears: random.chance(0.3),
  };
  const { hears, ...options } = settings;
  unsubscribes = [];
  engine = new CacheEngine({
    ...options,
    maxBytes: '24MiB',
    clock,
    onRemoval: hears ? () => heard.removals++ : undefined,
  });
}

function subscribe() {
  if (unsubscribes.length > 0 && random.chance(0.5)) unsubscribes.pop()();
  else if (unsubscribes.length < 3)
    unsubscribes.push(engine.subscribe(random.pick(['', 'user:', 'session:1']), () => heard.changes++));
}

/** One call, or a few; `write` makes a value. Returns what it was, to be shown where it breaks the budget. */
function operate(number, value, churn) {
  const key = keyOf(number);
  const roll = random.next();
  const { ttl, flags, versions } = churn;
  const options = {};
  if (ttl && random.chance(0.5)) options.ttlMs = random.pick([-1, 1, 50, 500, 5000]);
  if (flags && random.chance(0.5)) options.flags = random.below(2 ** 32);
  if (random.chance(0.1)) options.keepRefused = true;
  if (roll < 0.6) return ['set', engine.set(key, value(), options)];
  if (roll < 0.64) return ['add', engine.add(key, value(), options)];
  if (roll < 0.68) return ['replace', engine.replace(key, value(), options)];
  if (roll < 0.72) return ['update', engine.update(key, value())];
  if (roll < 0.88) return ['get', engine.get(key)];
  if (roll < 0.93) return ['delete', engine.delete(key)];
  if (roll < 0.95) {
    const version = versions ? engine.getEntry(key)?.version : undefined;
    return ['compareAndSet', version === undefined || engine.compareAndSet(key, version, value(), options)];
  }
  if (roll < 0.97)
    return ['touch', ttl && engine.touch(key, random.pick([1, 100, 10_000]), { promote: true })];
  if (roll < 0.98) return ['advance', ttl && clock.advance(random.below(40))];
  if (roll < 0.99) return ['sweepExpired', engine.sweepExpired(random.below(500))];
  if (roll < 0.995) return ['evictOldest', engine.evictOldest()];
  return roll < 0.9955 ? ['a value too large', engine.set(key, TOO_LARGE)] : ['peek', engine.peek(key)];
}

const problems = [];

function check(what) {
  if (!(engine.bytes <= engine.maxBytes))
    problems.push(`after ${what}: ${engine.bytes} bytes of ${engine.maxBytes}`);
}

/** What the process holds beside the cache: measured again whenever that is empty, since code and the memo come and go. */
let baseline = 0;
/** That after warm-up; during it, any will do. */
let firstBaseline = Number.POSITIVE_INFINITY;

async function measureBaseline() {
  // Once more, since all that comes after is measured against it.
  baseline = Math.min(await processBytes(), await processBytes());
  const drift = baseline - firstBaseline;
  if (drift > DRIFT_MAX)
    problems.push(`the process holds ${drift} bytes more beside an empty engine than after warm-up`);
}

/** A few kinds, as many keys, and as much traffic as fills the budget about once. Returns what the phase was. */
async function phase() {
  const begin = random.next();
  if (begin < 0.4) {
    if (begin < 0.15) engine.clear();
    else renew();
    check('clear');
    await measureBaseline();
  }
  if (random.chance(0.4)) {
    engine.resize({ maxBytes: random.chance(0.5) ? BUDGET : MIB * random.size(4, 24) });
    check('resize');
  }
  if (random.chance(0.3)) subscribe();
  const names = Array.from({ length: random.size(1, 8) }, () => random.pick(kindNames));
  const churn = { ttl: random.chance(0.4), flags: random.chance(0.3), versions: random.chance(0.2) };
  const keys = random.size(1000, 1_000_000);
  const bytesToWrite = engine.maxBytes * (0.3 + 1.2 * random.next());
  let calls = 0;
  let written = 0;
  while (written < bytesToWrite && calls < 120_000) {
    const name = random.pick(names);
    const before = engine.bytes;
    const size = engine.size;
    const [what] = operate(random.below(keys), () => make[name](random), churn);
    check(what);
    if (problems.length > 0) break;
    calls++;
    // What a full cache takes is not seen by this: the average of what it has stands for it.
    written += Math.max(engine.bytes - before, size > 0 ? (engine.bytes / size) * 0.6 : 0);
  }
  if (churn.ttl && random.chance(0.3)) {
    clock.advance(random.pick([500, 5000]));
    if (random.chance(0.5)) engine.sweepExpired();
  }
  return { kinds: names, churn, keys, calls };
}

function isRight({ counted, held }) {
  return Math.abs(counted - held) <= SHARE * held + ALLOWANCE;
}

renew();
for (let i = 0; i < WARM_UP_PHASES; i++) {
  for (const name of kindNames)
    for (let n = 0; n < 300; n++) engine.set(keyOf(random.below(5000)), make[name](random));
  await phase();
}
renew();
await measureBaseline();
firstBaseline = baseline;

const samples = [];
const endMs = performance.now() + seconds * 1000;
while (performance.now() < endMs && problems.length === 0) {
  const what = await phase();
  const sample = {
    phase: samples.length,
    counted: engine.bytes,
    held: (await processBytes()) - baseline,
    drift: baseline - firstBaseline,
    size: engine.size,
    maxBytes: engine.maxBytes,
    settings,
    ...what,
  };
  samples.push(sample);
  // A backing store may have been on its way out.
  if (!isRight(sample)) sample.held = (await processBytes()) - baseline;
  if (!isRight(sample)) problems.push(`counted ${sample.counted}, held ${sample.held}`);
  problems.push(...engine.verify());
}
renew();
const drift = (await processBytes()) - baseline;
process.stdout.write(
  JSON.stringify({ drift, seed, node: process.version, baseline, heard, problems, samples }),
);
