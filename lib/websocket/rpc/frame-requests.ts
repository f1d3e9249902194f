/** One frame that a client has sent, and the reply that it is given: its requests one after the other, in their order. */

import type { ItemStore } from '../../memcached/item-store.js';
import {
  batch,
  errorResponse,
  idOf,
  type RequestId,
  type RpcRequest,
  readMessage,
  readRequest,
  resultResponse,
} from './json-rpc.js';
import type { Call, Need, Result, Steps } from './methods/method.js';
import { METHODS } from './methods/table.js';
import { checkParams } from './params.js';
import type { RpcAccess, RpcContext } from './rpc-context.js';
import { INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError, refusalOf } from './rpc-error.js';
import { type ReplyRoom, replyTooLarge } from './stored-value.js';
import type { ClientSubscriptions } from './subscriptions/client-subscriptions.js';

const ALLOWED: Readonly<Record<RpcAccess, readonly Need[]>> = {
  full: ['metadata', 'values', 'changes'],
  'read-only': ['metadata', 'values'],
  metadata: ['metadata'],
};

export class FrameRequests implements Call {
  readonly context: RpcContext;
  readonly items: ItemStore;
  readonly id: number;
  bytesCopied = 0;
  readonly room: ReplyRoom;
  readonly subscriptions: ClientSubscriptions;
  #isBatch = false;
  /** Requests that have not had their turn, the next one last. */
  #entries: unknown[] = [];
  /** The id of the request that has its turn. */
  #id: RequestId | undefined = undefined;
  /** What is left to do for it. */
  #steps: Steps | null = null;
  #roomBefore = 0;
  readonly #responses: string[] = [];

  /** `id` is the connection's number. */
  constructor(frame: Buffer, id: number, context: RpcContext, subscriptions: ClientSubscriptions) {
    this.context = context;
    this.items = context.items;
    this.id = id;
    this.subscriptions = subscriptions;
    this.room = { bytes: context.settings.maxReplyBytes };
    try {
      const { isBatch, entries } = readMessage(frame);
      const { maxBatch } = context.settings;
      if (entries.length > maxBatch)
        throw new RpcError(
          'HOTSET_TOO_MANY',
          `a batch takes up to ${maxBatch} requests; got ${entries.length}`,
        );
      this.#isBatch = isBatch;
      this.#entries = entries.toReversed();
    } catch (error) {
      this.#refuse(null, error);
    }
  }

  get isDone(): boolean {
    return this.#entries.length === 0 && this.#steps === null;
  }

  /** What is sent when it is done; null for notifications, which get no reply. */
  get reply(): string | null {
    const responses = this.#responses;
    if (responses.length === 0) return null;
    return this.#isBatch ? batch(responses) : responses[0]!;
  }

  /** Carries out the next request, or a step of one that has been begun. */
  step(): void {
    if (this.#steps === null) this.#begin(this.#entries.pop());
    else this.#goOn(this.#steps);
  }

  #begin(entry: unknown): void {
    let request: RpcRequest;
    try {
      request = readRequest(entry);
    } catch (error) {
      this.#refuse(idOf(entry), error);
      return;
    }
    this.#id = request.id;
    this.#roomBefore = this.room.bytes;
    try {
      const result = this.#run(request);
      if (typeof result === 'string') this.#answer(result);
      else this.#steps = result;
    } catch (error) {
      this.#fail(error);
    }
    this.subscriptions.endWrite();
  }

  #run({ method: name, params }: RpcRequest): Result {
    const method = METHODS.get(name);
    if (method === undefined) throw new RpcError(METHOD_NOT_FOUND, 'there is no such method');
    const { access } = this.context.settings;
    if (!ALLOWED[access].includes(method.needs))
      throw new RpcError('HOTSET_FORBIDDEN', `${name} is forbidden where access is ${access}`);
    const checked = checkParams(name, method.params, params);
    if (method.needs !== 'changes' && this.room.bytes <= 0) throw replyTooLarge();
    this.items.applyDueFlush();
    return method.run(this, checked);
  }

  #goOn(steps: Steps): void {
    try {
      const { done, value } = steps.next();
      if (done === true) this.#answer(value);
    } catch (error) {
      this.#fail(error);
    }
  }

  #answer(result: string): void {
    this.#steps = null;
    // Entries have been taken from the room as they were made; whatever else there is, now.
    this.room.bytes = Math.min(this.room.bytes, this.#roomBefore - result.length);
    if (this.#id !== undefined) this.#responses.push(resultResponse(this.#id, result));
  }

  #fail(error: unknown): void {
    this.#steps = null;
    // What was made for it is not sent.
    this.room.bytes = this.#roomBefore;
    this.#refuse(this.#id, error);
  }

  #refuse(id: RequestId | undefined, error: unknown): void {
    let refusal = refusalOf(error);
    if (refusal === null) {
      this.context.settings.onError?.(error);
      refusal = new RpcError(INTERNAL_ERROR, 'the server has failed');
    }
    if (id !== undefined) this.#responses.push(errorResponse(id, refusal));
  }
}
