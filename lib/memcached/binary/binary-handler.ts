/**
 * Handles the binary protocol. A packet is a header, then a prelude (extras and key: a few
 * hundred bytes at most), then for some a value, which is bounded before any of it is kept.
 */

import { KEY_MAX_BYTES } from '../../items/key.js';
import { GIVEN_UP } from '../byte-collector.js';
import { beginBinaryStore, executeBinary, storeBinary } from '../commands/binary/binary-commands.js';
import { isSasl, MECHANISM_MAX_BYTES, Sasl } from '../commands/binary/sasl.js';
import { refuseStore } from '../commands/storage.js';
import type { IncrementalTask } from '../incremental-task.js';
import { AUTH_DATA_MAX_BYTES } from '../limits.js';
import type { Request } from '../request.js';
import type { ProtocolHandler, SessionIo } from '../session-io.js';
import { HEADER_BYTES, Header, STATUS, type Status } from './binary-packet.js';
import { writeError } from './binary-replies.js';
import { fits, OPCODES, type Opcode } from './opcodes.js';

/** A packet that claims more is malformed. */
const BODY_MAX_BYTES = 2 ** 30;

type Phase = 'header' | 'prelude' | 'value' | 'swallow';

export class BinaryHandler implements ProtocolHandler {
  readonly watching = false;
  readonly #io: SessionIo;
  readonly #header = new Header();
  readonly #request: Request;
  #opcode: Opcode | undefined;
  /** A long reply in progress. */
  #work: IncrementalTask | null = null;
  #phase: Phase = 'header';
  /** Where the bytes begin that were collected last. */
  #at = 0;
  /** Null where no authentication is needed. */
  readonly #sasl: Sasl | null;
  /** When the command that the value belongs to arrived. */
  #valueSinceMs = 0;
  /** Bytes to discard, the error to answer with then, and whether that ends the session. */
  #toSwallow = 0;
  #afterSwallow: Exclude<Status, 0> = STATUS.unknown;
  #endsAfterSwallow = false;

  constructor(io: SessionIo) {
    this.#io = io;
    this.#request = io.request;
    this.#sasl = io.credentials === null ? null : new Sasl(io);
  }

  get hasWork(): boolean {
    return this.#work !== null || (this.#phase === 'value' && this.#io.hasReadData);
  }

  get idle(): boolean {
    return this.#phase === 'header' && this.#io.incomplete.length === 0 && this.#work === null;
  }

  get receivingData(): boolean {
    return this.#phase === 'value' || this.#phase === 'swallow';
  }

  step(): void {
    if (this.#work !== null) {
      this.#continueWork(this.#work);
      return;
    }
    switch (this.#phase) {
      case 'header':
        this.#readHeader();
        break;
      case 'prelude':
        this.#readPrelude();
        break;
      case 'value':
        this.#readValue();
        break;
      case 'swallow':
        this.#swallow();
        break;
    }
  }

  close(): void {
    this.#work?.return?.();
    this.#work = null;
  }

  #continueWork(work: IncrementalTask): void {
    if (work.next().done === true) this.#work = null;
    else this.#io.slicing = true;
  }

  /** So many bytes, from `#at` on, once they are there: in the input where they are whole, else put together. */
  #collect(bytes: number): Buffer | null {
    const io = this.#io;
    const { chunk, position } = io;
    this.#at = 0;
    if (io.incomplete.length > 0 || chunk.length - position < bytes) return io.collect(bytes, bytes);
    io.position = position + bytes;
    this.#at = position;
    return chunk;
  }

  #readHeader(): void {
    const memory = this.#collect(HEADER_BYTES);
    if (memory === null) return;
    const io = this.#io;
    const header = this.#header;
    io.requestsLeft--;
    if (!header.read(memory, this.#at)) {
      io.fail();
      return;
    }
    io.items.applyDueFlush();
    let opcode = OPCODES[header.opcode];
    if (opcode !== undefined && isSasl(opcode) && this.#sasl === null) opcode = undefined;
    if (header.keyBytes + header.extrasBytes > header.bodyBytes) this.#refuse(STATUS.unknown);
    else if (this.#sasl?.authenticated === false && opcode?.open !== true) this.#refuse(STATUS.authError);
    else if (header.keyBytes > KEY_MAX_BYTES || header.bodyBytes > BODY_MAX_BYTES)
      this.#refuse(STATUS.invalid);
    else if (opcode === undefined) this.#beginSwallow(header.bodyBytes, STATUS.unknown, false);
    else if (!fits(opcode, header.extrasBytes, header.keyBytes, header.valueBytes))
      this.#refuse(STATUS.invalid);
    else {
      this.#opcode = opcode;
      this.#phase = 'prelude';
      // The usual case: all of it is here.
      if (io.chunk.length - io.position >= header.extrasBytes + header.keyBytes) this.#readPrelude();
    }
  }

  #readPrelude(): void {
    const memory = this.#collect(this.#header.extrasBytes + this.#header.keyBytes);
    if (memory === null) return;
    const at = this.#at;
    const opcode = this.#opcode!;
    const io = this.#io;
    const header = this.#header;
    const request = this.#request;
    this.#phase = 'header';
    const keyStart = at + header.extrasBytes;
    request.key.setBytes(memory, keyStart, keyStart + header.keyBytes);
    request.cas = header.cas;
    request.dataLength = header.valueBytes;
    if (io.traces && !isSasl(opcode)) {
      const text = Buffer.from(`${opcode.command} ${request.key.text}`, 'latin1');
      io.trace(text, 0, text.length);
    }
    if (!opcode.value) {
      const outcome = executeBinary(io, opcode, header, request, memory, at);
      if (outcome === false) io.closed = true;
      else if (outcome !== true) this.#work = outcome;
      return;
    }
    const refusal = isSasl(opcode) ? saslRefusal(request) : beginBinaryStore(io, opcode, request, memory, at);
    if (refusal !== null) {
      this.#beginSwallow(request.dataLength, refusal, false);
      return;
    }
    const { chunk, position } = io;
    const end = position + request.dataLength;
    if (end > chunk.length) {
      this.#valueSinceMs = io.items.clock.now();
      io.beginData(request.dataLength, 0);
      this.#phase = 'value';
      return;
    }
    request.waitedMs = 0;
    request.data.set(chunk, position, end);
    io.position = end;
    this.#onValue();
  }

  #readValue(): void {
    const io = this.#io;
    const ended = io.collectData(this.#request.dataLength, 0);
    if (ended === null) return;
    this.#phase = 'header';
    io.items.applyDueFlush();
    // A time to live counts from the command on.
    this.#request.waitedMs = io.items.clock.now() - this.#valueSinceMs;
    if (ended === GIVEN_UP) this.#onGivenUp();
    else this.#onValue();
    io.endData();
  }

  #onGivenUp(): void {
    if (!isSasl(this.#opcode!)) refuseStore(this.#io, this.#request);
    writeError(this.#io.out, this.#header, STATUS.outOfMemory);
  }

  #onValue(): void {
    const opcode = this.#opcode!;
    if (!isSasl(opcode)) storeBinary(this.#io, opcode, this.#header, this.#request);
    else {
      const { key, data } = this.#request;
      this.#sasl!.onMessage(opcode, this.#header, key.text, data.bytes.subarray(data.start, data.end));
    }
  }

  #beginSwallow(bytes: number, error: Exclude<Status, 0>, ends: boolean): void {
    this.#toSwallow = bytes;
    this.#afterSwallow = error;
    this.#endsAfterSwallow = ends;
    this.#phase = 'swallow';
    if (bytes === 0) this.#swallow();
  }

  #swallow(): void {
    this.#toSwallow = this.#io.skip(this.#toSwallow);
    if (this.#toSwallow > 0) return;
    this.#phase = 'header';
    writeError(this.#io.out, this.#header, this.#afterSwallow);
    if (this.#endsAfterSwallow) this.#io.fail();
  }

  /**
   * Answers and ends the session: after a malformed packet, the start of the next one is unknown. As in memcached, once
   * extras and key are there.
   */
  #refuse(error: Exclude<Status, 0>): void {
    this.#beginSwallow(this.#header.extrasBytes + this.#header.keyBytes, error, true);
  }
}

/** Input above the bounds of SASL is discarded. */
function saslRefusal({ key, dataLength }: Request): Exclude<Status, 0> | null {
  if (key.length > MECHANISM_MAX_BYTES) return STATUS.invalid;
  return dataLength > AUTH_DATA_MAX_BYTES ? STATUS.authError : null;
}
