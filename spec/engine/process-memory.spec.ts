/** How much memory the process may use: the least of the limits that the runtime tells. */

import { describe, expect, it } from 'vitest';
import { processMemoryBytes } from '../../lib/engine/process-memory.js';
import { thrownBy } from './fixture.js';

interface Limits {
  heap?: number;
  container?: number;
  machine?: number;
}

/** A runtime that tells these limits and nothing else. */
function runtime({ heap, container, machine }: Limits): Parameters<typeof processMemoryBytes>[1] {
  const modules: Record<string, unknown> = {};
  if (heap !== undefined) modules['node:v8'] = { getHeapStatistics: () => ({ heap_size_limit: heap }) };
  if (machine !== undefined) modules['node:os'] = { totalmem: () => machine };
  return {
    getBuiltinModule: (name: string) => modules[name] as never,
    ...(container === undefined ? {} : { constrainedMemory: () => container }),
  };
}

describe('the memory of the process', () => {
  it.each<[string, Limits, number]>([
    ['the heap', { heap: 4e9, container: 8e9, machine: 16e9 }, 4e9],
    ['the container', { heap: 4e9, container: 512e6, machine: 16e9 }, 512e6],
    ['the machine', { heap: 4e9, container: 8e9, machine: 1e9 }, 1e9],
    ['no container (0)', { heap: 4e9, container: 0, machine: 16e9 }, 4e9],
    ['no container (2^64)', { heap: 4e9, container: 2 ** 64, machine: 16e9 }, 4e9],
    ['the heap alone', { heap: 4e9 }, 4e9],
    ['the container alone', { container: 5e8 }, 5e8],
    ['the machine alone', { machine: 2e9 }, 2e9],
  ])('is the least that is known: %s', (_, limits, bytes) => {
    expect(processMemoryBytes('maxBytes', runtime(limits))).toBe(bytes);
  });

  it.each<[string, Parameters<typeof processMemoryBytes>[1]]>([
    ['a runtime that tells nothing', {}],
    ['a runtime without these modules', runtime({})],
    ['limits of 0', runtime({ heap: 0, container: 0, machine: 0 })],
  ])('is unknown in %s, which is an error that names the option', (_, unknown) => {
    expect(thrownBy(() => processMemoryBytes('maxBytes', unknown))).toMatchObject({
      code: 'HOTSET_INVALID_OPTION',
      message: expect.stringContaining('maxBytes'),
    });
  });

  it('is known here, and plausible', () => {
    const bytes = processMemoryBytes('maxBytes');
    expect(bytes).toBeGreaterThan(2 ** 25);
    expect(bytes).toBeLessThan(2 ** 50);
  });
});
