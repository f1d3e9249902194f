/** Commands that both servers should answer alike: those of a grammar, some mutated, without the known differences. */

import type { MemcachedRelease } from '../support/memcached-binaries.js';
import { Flushes, knownDifference } from './known-differences.js';
import { mutated } from './mutation.js';
import type { Random } from './random.js';
import type { Grammar } from './stream.js';
import { expand, joinsCas } from './template.js';

const MUTATED_SHARE = 0.04;
/** What follows a packet: a command without its end runs into it. */
const SENTINEL = 'version\r\n';
/** What may depend on the rest of its packet. */
const ARITHMETIC = /\b(incr|decr|ma) /;
/** The first byte of a connection that speaks binary. */
const BINARY = '\x80';
const NO_IDS: ReadonlyMap<string, string> = new Map();

/** A grammar for one stream, whose connections share `flushes`. */
export function alike(
  command: (random: Random) => string,
  flushes: Flushes,
  release: MemcachedRelease,
): Grammar {
  const isKnown = (commands: readonly string[]): boolean =>
    knownDifference(expand(commands.join('') + SENTINEL, '00000', NO_IDS), release) !== undefined;
  return (random, before) => {
    for (;;) {
      const valid = command(random);
      const candidate = random.chance(MUTATED_SHARE) ? mutated(valid, random) : valid;
      if (isKnown([candidate]) || joinsCas(candidate) || candidate.startsWith(BINARY)) continue;
      if (candidate.includes('flush_all') && !flushes.admit(candidate)) continue;
      if (!ARITHMETIC.test(candidate)) return candidate;
      // A packet of another connection that is cut may wait with any item.
      if (before.some((other) => other.startsWith(BINARY))) continue;
      if (!isKnown([...before, candidate])) return candidate;
    }
  };
}

/** The known difference that text packets have come upon by chance. */
export function explanation(
  packets: Iterable<readonly string[]>,
  release: MemcachedRelease,
): string | undefined {
  const flushes = new Flushes();
  for (const commands of packets) {
    const packet = commands.join('') + SENTINEL;
    const known = knownDifference(packet, release);
    if (known !== undefined) return known.name;
    if (!flushes.admit(packet)) return 'flush_all taken back';
  }
  return undefined;
}
