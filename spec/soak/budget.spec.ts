/**
 * A cache of 24 MiB that lives for a while: values of all shapes, entries that are replaced, expire, are deleted and
 * evicted, limits and columns that change, engines that make way for others. At every sample what is counted is within
 * a tenth of what the process holds for it; after every call the budget holds; and the structure is sound.
 *
 * 512 kB more are allowed: V8 hands its heap out in pages of 256 kB, and what it says is in use is uncertain by one,
 * for the full cache as for the empty one; in runs of a minute the worst sample took 420 kB of that. None of it grows
 * with what the cache holds. What the process holds beside the cache (code, the memo of names) does grow for a
 * while, and is measured again whenever the cache is empty.
 *
 * What is left out because the estimate says that it cannot see it is listed in values.mjs.
 *
 * 8 seconds unless HOTSET_SOAK_SECONDS says otherwise. Then the seed is another one each time, and HOTSET_SOAK_SEED,
 * which the failure names, repeats a run: its phases depend on nothing else.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

interface Sample {
  phase: number;
  counted: number;
  held: number;
  size: number;
  maxBytes: number;
}

interface Report {
  seed: number;
  /** Sentences; the run ends with the first sample that has one. */
  problems: string[];
  samples: Sample[];
}

const { HOTSET_SOAK_SECONDS, HOTSET_SOAK_SEED } = process.env;
const SECONDS = Number(HOTSET_SOAK_SECONDS ?? 8);
const SEED = Number(HOTSET_SOAK_SEED ?? (HOTSET_SOAK_SECONDS === undefined ? 1 : Date.now() % 2 ** 31));
const LAST_SAMPLES = 5;
const CHILD = fileURLToPath(new URL('soak-child.mjs', import.meta.url));

it('counts what it holds, whatever comes and goes', { timeout: SECONDS * 1000 + 60_000 }, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '--max-old-space-size=256', CHILD, String(SECONDS), String(SEED)],
    { maxBuffer: 2 ** 28 },
  );
  const { problems, samples } = JSON.parse(stdout) as Report;
  const last = samples.slice(-LAST_SAMPLES).map((sample) => JSON.stringify(sample));
  expect(problems, [`HOTSET_SOAK_SEED=${SEED} and the last samples:`, ...last].join('\n')).toEqual([]);
  expect(samples.length).toBeGreaterThan(0);
  if (HOTSET_SOAK_SECONDS === undefined) return;
  const ratios = samples
    .filter(({ counted }) => counted > 2 ** 22)
    .map(({ counted, held }) => counted / held)
    .sort((one, other) => one - other);
  const shown = [ratios[0], ratios[ratios.length >> 1], ratios.at(-1)].map((ratio) => ratio?.toFixed(3));
  console.log(`${samples.length} samples, counted / held from 4 MiB on: ${shown.join(', ')} (seed ${SEED})`);
});
