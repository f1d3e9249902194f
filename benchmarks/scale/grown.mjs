/**
 * Runs in a process of its own: fills one contender, then reads and then inserts. Prints JSON: ns for
 * each hit and for each insert with eviction, or where one fails, how.
 * Arguments: contender, kind of key, entries, milliseconds to measure.
 *
 * Keys that are inserted never come back: each is new, and what it evicts is the oldest. The bare Map is
 * left out there: the FIFO Map does what is asked.
 */

import { loadContender, NO_CACHE } from '../caches/index.mjs';
import { MIN_BATCH, sampled } from '../harness/sampled.mjs';
import { keyKinds, values } from '../workloads/keys.mjs';
import { seededRandom } from '../workloads/random.mjs';

const SEED = 0x5ca1e;
/** Distinct random keys to read: enough to miss every processor cache at every size. */
const MAX_READS = 1_000_000;

const [name, keyKind, entryText, msText] = process.argv.slice(2);
const entries = Number(entryText);
const measureMs = Number(msText);

const contender = await loadContender(name);
const keyOf = keyKinds[keyKind](entries);
const cache = contender.create(entries, { key: keyOf(0), value: values[0] });
const random = seededRandom(SEED);
const reads = Uint32Array.from({ length: Math.min(entries, MAX_READS) }, () =>
  Math.floor(random() * entries),
);

let stored = 0;
let readAt = 0;

function insert(count) {
  for (const end = stored + count; stored < end; stored++) cache.set(keyOf(stored), values[stored & 63]);
}

function read(count) {
  let hits = 0;
  for (let i = 0; i < count; i++) {
    if (cache.get(keyOf(reads[readAt])) !== undefined) hits++;
    readAt = readAt + 1 === reads.length ? 0 : readAt + 1;
  }
  return hits;
}

/** The figure, or the message of what was thrown: past 2^24 entries, deleted ones too, a Map gives up. */
async function outcome(work) {
  try {
    return (await sampled(() => work(MIN_BATCH), MIN_BATCH, measureMs)).ns;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/** What has no bound cannot insert into a full cache. */
const inserts = contender.unbounded !== true || name === NO_CACHE;
let figures;
try {
  insert(entries);
  figures = { hit: await outcome(read), insert: inserts ? await outcome(insert) : null };
} catch (error) {
  figures = { tooSlow: `while filling: ${error.message}` };
}
process.stdout.write(JSON.stringify(figures));
