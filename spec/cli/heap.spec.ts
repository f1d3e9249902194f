/** Whether this process's heap holds a memory limit, and what is done when it does not. */

import { totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { boundGarbage, heapBytesFor, heapLimitBytes, maxBytesFor, planHeap } from '../../lib/cli/heap.js';

vi.mock('node:v8', async (original) => ({ ...(await original<object>()), setFlagsFromString: vi.fn() }));

const MIB = 1024 * 1024;
const limit = heapLimitBytes();
const tooMuchForHeap = maxBytesFor(limit) + MIB;
const tooMuchForMachine = totalmem() * 2;

beforeEach(() => {
  vi.stubEnv('NODE_OPTIONS', '');
  vi.stubEnv('HOTSET_HEAP_CHILD', undefined);
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue([]);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('the heap that a memory limit needs', () => {
  it('is more than the limit, and the reverse agrees', () => {
    for (const bytes of [0, 1, MIB, 64 * MIB, 2 ** 32, 2 ** 40]) {
      expect(heapBytesFor(bytes)).toBeGreaterThan(bytes);
      expect(Math.abs(maxBytesFor(heapBytesFor(bytes)) - bytes)).toBeLessThanOrEqual(1);
    }
  });
});

describe('boundGarbage', () => {
  const flags: string[] = [];
  beforeEach(() => {
    flags.length = 0;
    vi.mocked(setFlagsFromString).mockImplementation((flag) => void flags.push(flag));
  });

  it('has the collector come before garbage adds up', () => {
    boundGarbage();
    expect(flags).toEqual(['--heap-growing-percent=30']);
  });

  it.each(['--heap-growing-percent=80', '--heap_growing_percent=80'])(
    'leaves alone what %s has set',
    (option) => {
      vi.spyOn(process, 'execArgv', 'get').mockReturnValue([option]);
      boundGarbage();
      expect(flags).toEqual([]);
    },
  );
});

describe('planHeap', () => {
  it('is content with what this process can hold', () => {
    expect(planHeap(MIB)).toEqual({ kind: 'enough' });
    expect(planHeap(64 * MIB)).toEqual({ kind: 'enough' });
  });

  it('starts a child with a heap that is large enough, and no larger than needed', () => {
    const plan = planHeap(tooMuchForHeap);
    expect(plan).toMatchObject({
      kind: 'child',
      oldSpaceMebibytes: Math.ceil(heapBytesFor(tooMuchForHeap) / MIB),
    });
  });

  it.each(['--max-old-space-size=100', '--max_old_space_size=100'])(
    'leaves a heap alone that the user has set with NODE_OPTIONS=%s, and warns',
    (options) => {
      vi.stubEnv('NODE_OPTIONS', options);
      expect(planHeap(MIB)).toEqual({ kind: 'enough' });
      expect(planHeap(tooMuchForHeap)).toMatchObject({
        kind: 'short',
        warning: expect.stringMatching(/^a memory limit of \d+ MiB needs a heap of about \d+ MiB.*$/),
      });
    },
  );

  it('does so too when the user has set it on the command line', () => {
    vi.spyOn(process, 'execArgv', 'get').mockReturnValue(['--max-old-space-size=100']);
    expect(planHeap(tooMuchForHeap).kind).toBe('short');
  });

  it('never starts a child from a child', () => {
    vi.stubEnv('HOTSET_HEAP_CHILD', '1');
    expect(planHeap(tooMuchForHeap).kind).toBe('short');
  });

  it('warns of a limit that the machine cannot hold, and starts all the same', () => {
    expect(planHeap(tooMuchForMachine)).toMatchObject({
      kind: 'child',
      warning: expect.stringMatching(
        /^a memory limit of \d+ MiB needs about \d+ MiB, and there are \d+ MiB.*$/,
      ),
    });
  });
});
