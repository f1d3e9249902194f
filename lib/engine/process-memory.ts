/** How much memory the process may use, as far as the runtime knows. */

import { invalidOption } from '../errors.js';

/** What is used of Node; all of it is absent elsewhere, for instance in a browser. */
interface Runtime {
  getBuiltinModule?(name: 'node:v8'): { getHeapStatistics(): { heap_size_limit: number } };
  getBuiltinModule?(name: 'node:os'): { totalmem(): number };
  constrainedMemory?(): number;
}

/**
 * The lowest of V8's heap limit (`--max-old-space-size`), the container's limit (cgroup) and the machine's
 * memory, in bytes. Throws `HOTSET_INVALID_OPTION` for the option `name` where no limit is known.
 */
export function processMemoryBytes(
  name: string,
  runtime: Runtime | undefined = (globalThis as { process?: Runtime }).process,
): number {
  const limits = [
    runtime?.getBuiltinModule?.('node:v8')?.getHeapStatistics().heap_size_limit,
    runtime?.constrainedMemory?.(),
    (runtime?.getBuiltinModule?.('node:os') as { totalmem(): number } | undefined)?.totalmem(),
  ].filter((limit) => limit !== undefined && limit > 0);
  if (limits.length === 0)
    throw invalidOption(name, 'no share where the memory of the process is unknown', '%');
  return Math.min(...(limits as number[]));
}
