/** The least of a stream that is still answered differently. */

import type { MemcachedSide } from './memcached-side.js';
import { type Difference, runSideBySide, SHORT_PATIENCE_MS } from './side-by-side.js';
import { isPause, type Packet, type Step, type Stream } from './stream.js';

const MOST_RUNS = 3000;

export interface Shrunk {
  readonly stream: Stream;
  readonly difference: Difference;
}

/** Leaves out steps, then commands and cuts, in ever smaller groups, as long as a difference remains. */
export async function shrink(stream: Stream, found: Difference, memcached: MemcachedSide): Promise<Shrunk> {
  let least: Shrunk = {
    stream: { ...stream, steps: stream.steps.slice(0, found.step + 1) },
    difference: found,
  };
  let runs = 0;
  const differs = async (steps: readonly Step[]): Promise<boolean> => {
    if (++runs > MOST_RUNS) return false;
    const candidate = { ...stream, steps };
    const difference = await runSideBySide(candidate, memcached, SHORT_PATIENCE_MS);
    if (difference === undefined) return false;
    least = { stream: { ...candidate, steps: steps.slice(0, difference.step + 1) }, difference };
    return true;
  };
  await withoutGroups(() => least.stream.steps, differs);
  for (let index = least.stream.steps.length - 1; index >= 0; index--) {
    const step = least.stream.steps[index];
    if (step === undefined || isPause(step)) continue;
    let packet: Packet = step;
    const keep = async (simpler: Packet): Promise<boolean> => {
      if (!(await differs(least.stream.steps.with(index, simpler)))) return false;
      packet = simpler;
      return index < least.stream.steps.length;
    };
    const { cut, hangsUp, ...plain } = packet;
    if (cut === undefined || !(await keep(plain))) {
      if (hangsUp === true) await keep({ ...packet, hangsUp: false });
      if (cut !== undefined)
        await withoutGroups(
          () => packet.cut!.meanwhile,
          (meanwhile) => keep({ ...packet, cut: { ...packet.cut!, meanwhile } }),
        );
    }
    await withoutGroups(
      () => packet.commands,
      (commands) => keep({ ...packet, commands }),
    );
  }
  await withoutGroups(() => least.stream.steps, differs);
  return least;
}

/** Calls `keep` with the list less a group of its items; `keep` says whether to go on with what was left. */
async function withoutGroups<T>(
  list: () => readonly T[],
  keep: (fewer: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.max(1, list().length >> 1); ; size = size >> 1) {
    for (let at = Math.max(0, list().length - size); at >= 0; at -= size) {
      const items = list();
      if (at < items.length) await keep([...items.slice(0, at), ...items.slice(at + size)]);
    }
    if (size <= 1) return;
  }
}
