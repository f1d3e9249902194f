/** What the packets of the binary protocol do to the items, and what they are answered with. */

import { VERSION } from '../../admin/stats-general.js';
import { type Header, readUint32, readUint64, STATUS, type Status } from '../../binary/binary-packet.js';
import {
  writeDone,
  writeError,
  writeItem,
  writeKeyMiss,
  writeNumber,
  writeText,
} from '../../binary/binary-replies.js';
import type { Opcode } from '../../binary/opcodes.js';
import type { IncrementalTask } from '../../incremental-task.js';
import type { Reply, Request, StoreMode, Verb } from '../../request.js';
import type { SessionIo } from '../../session-io.js';
import { adjust, countMiss, createNumber } from '../arithmetic.js';
import { flush, remove } from '../deletion.js';
import { fetch, fetchToTouch } from '../retrieval.js';
import { beginStore, store } from '../storage.js';
import { writeStats } from './binary-stats.js';
import { MECHANISM } from './sasl.js';

/** "Do not create", as an exptime of increment and decrement. */
const NEVER_CREATE = 0xffffffff;

const STATUS_OF: Readonly<Partial<Record<Reply, Exclude<Status, 0>>>> = {
  exists: STATUS.exists,
  'not-found': STATUS.notFound,
  'not-stored': STATUS.notStored,
  'too-large': STATUS.tooLarge,
  'out-of-memory': STATUS.outOfMemory,
  'non-numeric': STATUS.nonNumeric,
  'flush-not-allowed': STATUS.authError,
};

/**
 * Executes a packet that carries no value, with its extras in `memory` at `at`. False ends the
 * session; work that is returned is to be done before anything else.
 */
export function executeBinary(
  io: SessionIo,
  opcode: Opcode,
  header: Header,
  request: Request,
  memory: Buffer,
  at: number,
): boolean | IncrementalTask {
  const { items, out } = io;
  switch (opcode.command) {
    case 'get':
      get(io, opcode, header, request, null);
      break;
    case 'touch':
    case 'gat':
      get(io, opcode, header, request, readUint32(memory, at));
      break;
    case 'increment':
    case 'decrement':
      increment(io, opcode, header, request, memory, at);
      break;
    case 'delete':
      answer(io, opcode, header, remove(io, request));
      break;
    case 'flush':
      request.exptime = header.extrasBytes === 4 ? readUint32(memory, at) : 0;
      return flushAll(io, opcode, header, flush(items, request));
    case 'noop':
      writeDone(out, header);
      break;
    case 'version':
      writeText(out, header, VERSION);
      break;
    case 'stat':
      return writeStats(items, out, header, request.key.text) ?? true;
    case 'sasl-list':
      writeText(out, header, MECHANISM);
      break;
    case 'quit':
      if (!opcode.quiet) writeDone(out, header);
      return false;
  }
  return true;
}

/** Answers, or returns the work that ends with the answer. */
function flushAll(
  io: SessionIo,
  opcode: Opcode,
  header: Header,
  outcome: ReturnType<typeof flush>,
): true | IncrementalTask {
  if (typeof outcome === 'string') {
    answer(io, opcode, header, outcome);
    return true;
  }
  return flushSlowly(io, opcode, header, outcome);
}

function* flushSlowly(io: SessionIo, opcode: Opcode, header: Header, work: IncrementalTask): Generator<void> {
  while (work.next().done !== true) yield;
  answer(io, opcode, header, 'ok');
}

/** Success or failure; a quiet command does not report success. */
function answer({ out }: SessionIo, opcode: Opcode, header: Header, reply: Reply): void {
  const error = STATUS_OF[reply];
  if (error !== undefined) writeError(out, header, error);
  else if (!opcode.quiet) writeDone(out, header);
}

/** get, touch and gat; the last two come with an exptime. */
function get(io: SessionIo, opcode: Opcode, header: Header, request: Request, exptime: number | null): void {
  const { items, out } = io;
  const { key } = request;
  const entry = exptime === null ? fetch(io, key) : fetchToTouch(io, key, true);
  if (entry === 0) {
    if (opcode.quiet) return;
    if (opcode.withKey) writeKeyMiss(out, header, key.text);
    else writeError(out, header, STATUS.notFound);
    return;
  }
  const withValue = opcode.command !== 'touch';
  const name = opcode.withKey ? key.text : '';
  writeItem(out, header, items.entries, entry, name, withValue, items.casIdAt(entry));
  if (exptime !== null) items.touch(entry, exptime);
}

/** Counts a storage command whose value is to come; the error that it is answered with, or null. */
export function beginBinaryStore(
  io: SessionIo,
  { command, extras }: Opcode,
  request: Request,
  memory: Buffer,
  at: number,
): Exclude<Status, 0> | null {
  const hasExtras = extras[0] === 8;
  request.verb = command as StoreMode & Verb;
  request.flags = hasExtras ? readUint32(memory, at) : 0;
  request.exptime = hasExtras ? readUint32(memory, at + 4) : 0;
  // A cas id makes one command of set, add and replace.
  request.mode = hasExtras && request.cas !== 0 ? 'cas' : (command as StoreMode);
  request.dropsWhenRefused = command === 'set';
  const refusal = beginStore(io, request);
  return refusal === null ? null : STATUS_OF[refusal]!;
}

export function storeBinary(io: SessionIo, opcode: Opcode, header: Header, request: Request): void {
  const { items, out } = io;
  const cas = items.casIds ? items.entries.nextVersion(request.key) : 0;
  const reply = store(io, request);
  if (reply === 'stored') {
    if (!opcode.quiet) writeDone(out, header, cas);
  } else writeError(out, header, storeError(opcode, reply));
}

/** Where the text protocol says NOT_STORED, the binary protocol gives the reason. */
function storeError({ command }: Opcode, reply: Reply): Exclude<Status, 0> {
  if (reply === 'not-stored' && command === 'add') return STATUS.exists;
  if (reply === 'not-stored' && command === 'replace') return STATUS.notFound;
  return STATUS_OF[reply]!;
}

function increment(
  io: SessionIo,
  opcode: Opcode,
  header: Header,
  { key, cas }: Request,
  memory: Buffer,
  at: number,
): void {
  const { items, out } = io;
  const increments = opcode.command === 'increment';
  const exptime = readUint32(memory, at + 16);
  let result = adjust(io, { key, increments, delta: readUint64(memory, at), cas });
  if (result === 'not-found') {
    if (exptime === NEVER_CREATE) countMiss(items, increments);
    else result = createNumber(io, key, readUint64(memory, at + 8), exptime);
  }
  if (typeof result === 'string') {
    writeError(out, header, STATUS_OF[result]!);
    return;
  }
  if (opcode.quiet) return;
  writeNumber(out, header, BigInt(result.digits), items.storedCasId(key));
}
