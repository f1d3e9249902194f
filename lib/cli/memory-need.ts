/** What the process takes at a memory limit, and a warning where that does not fit. */

import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { ownLimits } from './file-limit.js';

const MEBIBYTE = 1024 * 1024;
/** Of the memory limit: what the store holds beside what it counts. */
const SHARE = 1.05;
/**
 * Node, its code, buffers and connections, and what glibc keeps between pages of changing sizes (20 MB). From Node 22 on its
 * code alone takes 10 MB more, and from Node 24 on clients that do not read cost another 20.
 */
const NODE_MAJOR = Number.parseInt(process.versions.node, 10);
const BASE_BYTES = NODE_MAJOR < 22 ? 110_000_000 : NODE_MAJOR < 24 ? 125_000_000 : 145_000_000;

/** The most that a process with this limit has resident. */
export function residentBytesFor(maxBytes: number): number {
  return Math.ceil(maxBytes * SHARE) + BASE_BYTES;
}

/** What the process may use, `Infinity` where a limit is not known. */
export interface MemoryLimits {
  readonly machineBytes: number;
  /** The container's: its cgroup. */
  readonly containerBytes: number;
  /** `ulimit -v`, of addresses. */
  readonly addressBytes: number;
  /** Addresses that Node has taken for itself. */
  readonly usedAddressBytes: number;
}

export function memoryLimits(): MemoryLimits {
  const container = process.constrainedMemory() ?? 0;
  const addresses = /^Max address space\s+(\d+)/m.exec(ownLimits())?.[1];
  return {
    machineBytes: totalmem(),
    containerBytes: container > 0 ? container : Number.POSITIVE_INFINITY,
    addressBytes: addresses === undefined ? Number.POSITIVE_INFINITY : Number(addresses),
    usedAddressBytes: addresses === undefined ? 0 : addressesUsed(),
  };
}

/** Null where it fits. The server starts all the same, as memcached does. */
export function memoryWarning(maxBytes: number, limits: MemoryLimits = memoryLimits()): string | null {
  const needed = residentBytesFor(maxBytes);
  const memory = Math.min(limits.machineBytes, limits.containerBytes);
  const limit = `a memory limit of ${mebibytes(maxBytes)} MiB`;
  if (needed > memory) {
    const whose = limits.containerBytes < limits.machineBytes ? 'this container' : 'this machine';
    return `${limit} takes up to ${mebibytes(needed)} MiB, and ${whose} has ${mebibytes(memory)} MiB: the process may be killed before the limit is reached`;
  }
  const addresses = needed + limits.usedAddressBytes;
  if (addresses <= limits.addressBytes) return null;
  return `${limit} takes up to ${mebibytes(addresses)} MiB of addresses, and this process may have ${mebibytes(limits.addressBytes)} MiB (ulimit -v): it may end before the limit is reached`;
}

function addressesUsed(): number {
  return Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE);
}
