/**
 * The binary side of a conversation: packets. A packet is a header, then a prelude (extras and key: a few
 * hundred bytes at most), then for some a value, which is bounded before any of it is kept.
 */

import { HEADER_BYTES, Header, STATUS, type Status } from './binary/binary-packet.js';
import { writeError } from './binary/binary-replies.js';
import { fits, OPCODES, type Opcode } from './binary/opcodes.js';
import { beginBinaryStore, executeBinary, storeBinary } from './commands/binary/binary-commands.js';
import { authenticate, isSasl } from './commands/binary/sasl.js';
import type { Dialogue, Exchange } from './exchange.js';
import { latin1Text } from './latin1.js';
import { AUTH_DATA_MAX_BYTES, DATA_FIRST_BYTES, KEY_MAX_BYTES } from './limits.js';
import { Request } from './request.js';
import type { SlowWork } from './slow-work.js';
import { ownedWireValue, type WireValue, wireValue, wireValueOfText } from './wire-value.js';

/** A packet that claims more is not believed. */
const BODY_MAX_BYTES = 2 ** 30;

const EMPTY: WireValue = wireValueOfText('');

type Phase = 'header' | 'prelude' | 'value' | 'swallow';

export class BinaryDialogue implements Dialogue {
  readonly watching = false;
  readonly #exchange: Exchange;
  readonly #header = new Header();
  readonly #request = new Request();
  #opcode: Opcode | undefined;
  /** A slow answer under way. */
  #work: SlowWork | null = null;
  #phase: Phase = 'header';
  #authenticated: boolean;
  /** When a value has begun to be awaited. */
  #valueSinceMs = 0;
  /** Bytes to pass over, and the error to answer with then. */
  #toSwallow = 0;
  #afterSwallow: Exclude<Status, 0> = STATUS.unknown;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
    this.#authenticated = exchange.credentials === null;
  }

  get hasWork(): boolean {
    return this.#work !== null;
  }

  get idle(): boolean {
    return this.#phase === 'header' && this.#exchange.incomplete.length === 0 && this.#work === null;
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
        this.#collect(HEADER_BYTES, this.#onHeader);
        break;
      case 'prelude': {
        const bytes = this.#header.extrasBytes + this.#header.keyBytes;
        this.#collect(bytes, this.#onPrelude);
        break;
      }
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

  #continueWork(work: SlowWork): void {
    if (work.next().done === true) this.#work = null;
    else this.#exchange.slicing = true;
  }

  /** Calls `then` with so many bytes once they are there: in the input where they are whole, else put together. */
  #collect(bytes: number, then: (memory: Buffer, at: number) => void): void {
    const exchange = this.#exchange;
    const { chunk, position } = exchange;
    if (exchange.incomplete.length === 0 && chunk.length - position >= bytes) {
      exchange.position = position + bytes;
      then(chunk, position);
      return;
    }
    const together = exchange.collect(bytes, bytes);
    if (together !== null) then(together, 0);
  }

  readonly #onHeader = (memory: Buffer, at: number): void => {
    const exchange = this.#exchange;
    const header = this.#header;
    exchange.requestsLeft--;
    if (!header.read(memory, at)) {
      exchange.closed = true;
      return;
    }
    exchange.items.strikeDueFlush();
    let opcode = OPCODES[header.opcode];
    if (opcode !== undefined && isSasl(opcode) && exchange.credentials === null) opcode = undefined;
    if (header.keyBytes + header.extrasBytes > header.bodyBytes) this.#refuse(STATUS.unknown);
    else if (!this.#authenticated && opcode?.open !== true) this.#refuse(STATUS.authError);
    else if (header.keyBytes > KEY_MAX_BYTES || header.bodyBytes > BODY_MAX_BYTES)
      this.#refuse(STATUS.invalid);
    else if (opcode === undefined) this.#beginSwallow(header.bodyBytes, STATUS.unknown);
    else if (!fits(opcode, header.extrasBytes, header.keyBytes, header.valueBytes))
      this.#refuse(STATUS.invalid);
    else {
      this.#opcode = opcode;
      this.#phase = 'prelude';
      if (header.extrasBytes + header.keyBytes === 0) this.#onPrelude(memory, at + HEADER_BYTES);
    }
  };

  readonly #onPrelude = (memory: Buffer, at: number): void => {
    const opcode = this.#opcode!;
    const exchange = this.#exchange;
    const header = this.#header;
    const request = this.#request;
    this.#phase = 'header';
    const keyStart = at + header.extrasBytes;
    request.key = latin1Text(memory, keyStart, keyStart + header.keyBytes);
    request.cas = header.cas;
    request.dataLength = header.valueBytes;
    if (exchange.traces && !isSasl(opcode)) {
      const text = Buffer.from(`${opcode.command} ${request.key}`, 'latin1');
      exchange.trace(text, 0, text.length);
    }
    if (!opcode.value) {
      const outcome = executeBinary(exchange, opcode, header, request, memory, at);
      if (outcome === false) exchange.closed = true;
      else if (outcome !== true) this.#work = outcome;
      return;
    }
    if (isSasl(opcode)) {
      if (request.dataLength > AUTH_DATA_MAX_BYTES) {
        this.#refuse(STATUS.invalid);
        return;
      }
    } else {
      const refusal = beginBinaryStore(exchange.items, opcode, request, memory, at);
      if (refusal !== null) {
        this.#beginSwallow(request.dataLength, refusal);
        return;
      }
    }
    this.#valueSinceMs = exchange.items.clock.now();
    if (request.dataLength === 0) this.#onValue(EMPTY);
    else this.#phase = 'value';
  };

  #readValue(): void {
    const exchange = this.#exchange;
    const { chunk, position } = exchange;
    const total = this.#request.dataLength;
    if (exchange.incomplete.length === 0 && chunk.length - position >= total) {
      exchange.position = position + total;
      this.#onValue(wireValue(chunk, position, position + total));
      return;
    }
    const value = exchange.collect(total, DATA_FIRST_BYTES);
    if (value !== null) this.#onValue(ownedWireValue(value, total));
  }

  #onValue(value: WireValue): void {
    const opcode = this.#opcode!;
    const { items } = this.#exchange;
    this.#phase = 'header';
    items.strikeDueFlush();
    // A time to live counts from the command on.
    this.#request.waitedMs = items.clock.now() - this.#valueSinceMs;
    if (!isSasl(opcode)) storeBinary(this.#exchange, opcode, this.#header, this.#request, value);
    else if (authenticate(this.#exchange, this.#header, this.#request.key, value)) this.#authenticated = true;
  }

  #beginSwallow(bytes: number, error: Exclude<Status, 0>): void {
    this.#toSwallow = bytes;
    this.#afterSwallow = error;
    this.#phase = 'swallow';
    if (bytes === 0) this.#swallow();
  }

  #swallow(): void {
    this.#toSwallow = this.#exchange.skip(this.#toSwallow);
    if (this.#toSwallow > 0) return;
    this.#phase = 'header';
    writeError(this.#exchange.out, this.#header, this.#afterSwallow);
  }

  /** Answers and ends: where packets are of the wrong shape, nobody knows where the next one begins. */
  #refuse(error: Exclude<Status, 0>): void {
    writeError(this.#exchange.out, this.#header, error);
    this.#exchange.closed = true;
  }
}
