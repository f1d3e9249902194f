/** What Linux says of a server: CPU time and resident memory, of its process and that process's children. */

import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit in /proc/<pid>/stat, on every architecture that Node runs on. */
const TICK_MS = 10;

export const CAN_READ_PROCESSES = process.platform === 'linux';

/** The process and its children, and theirs: hotset serves from a child when it needs a larger heap. */
export function familyOf(pid) {
  let children = '';
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  } catch {
    // A kernel without this file; none of the servers has children in the cells that are timed.
  }
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number).flatMap(familyOf))];
}

/**
 * Milliseconds of CPU of all threads: `total` to the microsecond, and `user` and `system`, which say how it divides, in
 * whole ticks.
 */
export function cpuMs(pids) {
  const sum = { total: 0, user: 0, system: 0 };
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold blanks: count from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sum.user += Number(fields[11]) * TICK_MS;
    sum.system += Number(fields[12]) * TICK_MS;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum.total += threadMs(`/proc/${pid}/task/${thread}`);
  }
  return sum;
}

/** No server here ends threads while it is measured: their time would be lost. */
function threadMs(directory) {
  return Number(readFileSync(`${directory}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
}

/** Bytes that are resident, and the most that ever were; private ones that may be written, touched (`anonymousBytes`) or not (`dataBytes`). */
export function resident(pids) {
  const total = { bytes: 0, peakBytes: 0, anonymousBytes: 0, dataBytes: 0 };
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const kibibytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
    total.bytes += kibibytes('VmRSS') * 1024;
    total.peakBytes += kibibytes('VmHWM') * 1024;
    total.anonymousBytes += kibibytes('RssAnon') * 1024;
    total.dataBytes += kibibytes('VmData') * 1024;
  }
  return total;
}
