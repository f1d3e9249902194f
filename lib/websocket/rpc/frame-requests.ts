/** One frame that a client has sent, and the reply to it: its requests one after the other, in their order. */

import type { ItemStore } from '../../memcached/item-store.js';
import { RPC_ERRORS } from '../../rpc-protocol.js';
import {
  batch,
  errorResponse,
  idOf,
  type RawRequest,
  type RpcRequest,
  readMessage,
  readRequest,
  resultResponse,
} from './json-rpc.js';
import type { MethodContext, Steps } from './method-context.js';
import type { RpcContext } from './rpc-context.js';
import { RpcError, refusalOf } from './rpc-error.js';
import { runMethod } from './run-method.js';
import type { ReplyBudget } from './stored-value.js';
import type { ClientSubscriptions } from './subscriptions/client-subscriptions.js';

export class FrameRequests implements MethodContext {
  readonly context: RpcContext;
  readonly items: ItemStore;
  readonly id: number;
  bytesCopied = 0;
  readonly replyBudget: ReplyBudget;
  readonly subscriptions: ClientSubscriptions;
  #isBatch = false;
  /** Requests that have not had their turn, the next one last. */
  #waiting: RawRequest[] = [];
  /** The id, as JSON, of the request that has its turn. */
  #id: string | undefined = undefined;
  /** What is left to do for it. */
  #steps: Steps | null = null;
  #budgetBefore = 0;
  readonly #responses: string[] = [];

  /** `id` is the connection's number. */
  constructor(frame: Buffer, id: number, context: RpcContext, subscriptions: ClientSubscriptions) {
    this.context = context;
    this.items = context.items;
    this.id = id;
    this.subscriptions = subscriptions;
    this.replyBudget = { bytes: context.settings.maxReplyBytes };
    try {
      const { isBatch, requests } = readMessage(frame, context.settings.maxBatch);
      this.#isBatch = isBatch;
      this.#waiting = requests.reverse();
    } catch (error) {
      this.#refuse('null', error);
    }
  }

  get isDone(): boolean {
    return this.#waiting.length === 0 && this.#steps === null;
  }

  /** What is sent when it is done; null for notifications, which get no reply. */
  get reply(): string | null {
    const responses = this.#responses;
    if (responses.length === 0) return null;
    return this.#isBatch ? batch(responses) : responses[0]!;
  }

  /** Carries out the next request, or a step of one that has been begun. */
  step(): void {
    if (this.#steps === null) this.#begin(this.#waiting.pop()!);
    else this.#continue(this.#steps);
  }

  #begin(raw: RawRequest): void {
    let request: RpcRequest;
    try {
      request = readRequest(raw);
    } catch (error) {
      this.#refuse(idOf(raw), error);
      return;
    }
    this.#id = request.id;
    this.#budgetBefore = this.replyBudget.bytes;
    try {
      const result = runMethod(this, request.method, request.params);
      if (typeof result === 'string') this.#respond(result);
      else this.#steps = result;
    } catch (error) {
      this.#fail(error);
    }
    this.subscriptions.endWrite();
  }

  #continue(steps: Steps): void {
    try {
      const { done, value } = steps.next();
      if (done === true) this.#respond(value);
    } catch (error) {
      this.#fail(error);
    }
  }

  #respond(result: string): void {
    this.#steps = null;
    // Entries are taken from the budget as they are built; everything else is taken here.
    this.replyBudget.bytes = Math.min(this.replyBudget.bytes, this.#budgetBefore - result.length);
    if (this.#id !== undefined) this.#responses.push(resultResponse(this.#id, result));
  }

  #fail(error: unknown): void {
    this.#steps = null;
    // Its partial reply is not sent.
    this.replyBudget.bytes = this.#budgetBefore;
    this.#refuse(this.#id, error);
  }

  #refuse(id: string | undefined, error: unknown): void {
    let refusal = refusalOf(error);
    if (refusal === null) {
      this.context.settings.onError?.(error);
      refusal = new RpcError(RPC_ERRORS.internalError, 'the server has failed');
    }
    if (id !== undefined) this.#responses.push(errorResponse(id, refusal));
  }
}
