/**
 * Random conversations with hotset and with Debian's memcached side by side: the replies are the same to the byte,
 * but for known-differences.ts. HOTSET_FUZZ_SEED repeats a run, HOTSET_FUZZ_REQUESTS makes it longer.
 */

import { afterAll, beforeAll, describe, it } from 'vitest';
import { knownDifference } from './known-differences.js';
import { MemcachedSide, memcachedWithClock } from './memcached-side.js';
import { mutated } from './mutation.js';
import { Random } from './random.js';
import { shrink } from './shrink.js';
import { type Difference, runSideBySide } from './side-by-side.js';
import { randomStream, requestsIn, type Stream } from './stream.js';
import { expand } from './template.js';
import { textCommand } from './text-grammar.js';

const REQUESTS = Number(process.env.HOTSET_FUZZ_REQUESTS ?? 220_000);
const SEEDS: readonly number[] =
  process.env.HOTSET_FUZZ_SEED === undefined
    ? [1, Math.floor(Math.random() * 2 ** 31)]
    : [Number(process.env.HOTSET_FUZZ_SEED)];
const MUTATED_SHARE = 0.04;
const CLOCK_START = Date.UTC(2026, 10, 21, 12) / 1000;

/** A command of the grammar that is answered alike, as far as its own lines can tell. */
function textCommands(random: Random, before: readonly string[]): string {
  for (;;) {
    const command = textCommand(random);
    const candidate = random.chance(MUTATED_SHARE) ? mutated(command, random) : command;
    if (knownDifference(expand(candidate + SENTINEL, '00000', NO_IDS)) !== undefined) continue;
    if (!ARITHMETIC.test(candidate)) return candidate;
    if (knownDifference(expand([...before, candidate].join(''), '00000', NO_IDS)) === undefined)
      return candidate;
  }
}
/** What may depend on the rest of its packet. */
const ARITHMETIC = /^(incr|decr|ma) /;
/** What follows a packet: a command without its end runs into it. */
const SENTINEL = 'version\r\n';
const NO_IDS: ReadonlyMap<string, string> = new Map();

const tool = memcachedWithClock();

describe.skipIf(tool.missing)(`side by side with memcached${tool.hint}`, () => {
  let memcached: MemcachedSide;
  beforeAll(async () => {
    memcached = await MemcachedSide.start(CLOCK_START);
  });
  afterAll(() => memcached?.stop());

  for (const seed of SEEDS) {
    it(`is answered alike, seed ${seed}`, { timeout: 3_600_000 }, async () => {
      const random = new Random(seed);
      const explained = new Map<string, number>();
      let requests = 0;
      while (requests < REQUESTS / SEEDS.length) {
        const stream = randomStream(random, {
          grammars: { text: textCommands, binary: textCommands },
          binaryShare: 0,
        });
        requests += requestsIn(stream);
        const difference = await runSideBySide(stream, memcached);
        if (difference === undefined) continue;
        const name = await explain(stream, difference, memcached);
        explained.set(name, (explained.get(name) ?? 0) + 1);
      }
      console.log(
        `side by side: ${requests} requests, seed ${seed}, known differences ${JSON.stringify(Object.fromEntries(explained))}`,
      );
    });
  }
});

/** The name of the known difference that the stream came upon by chance; throws when there is none. */
async function explain(stream: Stream, difference: Difference, memcached: MemcachedSide): Promise<string> {
  const least = await shrink(stream, difference, memcached);
  const known = least.difference.exchanges
    .map((exchange) =>
      'seconds' in exchange ? undefined : knownDifference(exchange.sent.join('') + SENTINEL),
    )
    .find((candidate) => candidate !== undefined);
  if (known !== undefined) return known.name;
  throw new Error(`answered differently:\n${conversation(least.difference)}`);
}

function conversation({ exchanges }: Difference): string {
  return exchanges
    .map((exchange) => {
      if ('seconds' in exchange) return `  ${exchange.seconds} s pass`;
      const sent = exchange.sent.map((command) => `    ${shown(command)}`).join('\n');
      return `  connection ${exchange.connection} sends\n${sent}\n  hotset    ${shown(exchange.hotset)}\n  memcached ${shown(exchange.memcached)}`;
    })
    .join('\n');
}

function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > 1500 ? `${quoted.slice(0, 700)} … ${quoted.slice(-700)}` : quoted;
}
