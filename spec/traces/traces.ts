/**
 * Real access traces, read from the folder that HOTSET_TRACES names, and what an exact LRU makes of them.
 * The hit counts come from an independent program; an exact LRU reproduces them to the hit.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface Trace {
  readonly name: string;
  readonly requests: number;
  /** Hits of an exact LRU for capacities in entries. */
  readonly hits: readonly (readonly [capacity: number, hits: number])[];
}

export const TRACES: readonly Trace[] = [
  {
    name: 'web12',
    requests: 95_607,
    hits: [
      [137, 37_954],
      [687, 57_362],
      [1375, 65_474],
      [2751, 72_345],
    ],
  },
  {
    name: 'orm-busy',
    requests: 5_000_000,
    hits: [
      [763, 3_851_698],
      [3817, 4_206_527],
      [7634, 4_400_364],
      [15269, 4_605_736],
    ],
  },
  {
    name: 'multi2',
    requests: 26_311,
    hits: [
      [56, 924],
      [284, 7_076],
      [568, 9_715],
      [1136, 12_634],
    ],
  },
  {
    name: 'cloudphysics',
    requests: 113_872,
    hits: [
      [489, 18_452],
      [2448, 19_975],
      [4897, 22_215],
      [9794, 31_325],
    ],
  },
];

const folder = process.env.HOTSET_TRACES;

/** Why the traces cannot be replayed here; undefined when they can. */
export const traceSkip: string | undefined =
  folder === undefined
    ? 'HOTSET_TRACES does not name the folder of the access traces'
    : TRACES.every(({ name }) => existsSync(join(folder, `${name}.txt.gz`)))
      ? undefined
      : `${folder} lacks some of the access traces`;

if (traceSkip !== undefined) {
  if (process.env.CI === 'true') throw new Error(`${traceSkip}, and CI must not skip`);
  console.warn(`skipped: replaying real traces (${traceSkip})`);
}

/** The keys of a trace, in order. */
export function keysOf(trace: Trace): Uint32Array {
  return requestsOf(trace).keys;
}

/** The keys of a trace, in order, and the sizes of what is under them; 0 where the trace has none. */
export function requestsOf(trace: Trace): { keys: Uint32Array; sizes: Uint32Array } {
  const text = gunzipSync(readFileSync(join(folder!, `${trace.name}.txt.gz`)));
  const keys = new Uint32Array(trace.requests);
  const sizes = new Uint32Array(trace.requests);
  let at = 0;
  const number = (): number => {
    let read = 0;
    for (; text[at]! >= 0x30; at++) read = read * 10 + (text[at]! - 0x30);
    return read;
  };
  for (let request = 0; request < trace.requests; request++) {
    keys[request] = number();
    if (text[at] === 0x20) at++;
    sizes[request] = number();
    while (at < text.length && text[at] !== 0x0a) at++;
    at++;
  }
  return { keys, sizes };
}
