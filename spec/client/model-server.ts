/**
 * A server of hotset.v1 in a few lines, as docs/websocket.md has it, over connections on which each frame arrives
 * when a spec says so. It keeps the whole history of each key, so that it can be said of any value when it was right.
 */

import type { ClientSocket } from '../../lib/client/index.js';
import type { ManualClock } from '../../lib/index.js';

/** What was under a key, from one change to the next. Every write has a value of its own. */
export interface Era {
  readonly index: number;
  /** Undefined where there was nothing. */
  readonly value: number | undefined;
  readonly version: string;
  /** Times of expiry that it has had; the last one is the one in force. */
  readonly expiries: { readonly atMs: number; supersededToldMs: number | undefined }[];
  /** When the change that ended it was told to those who were there. */
  endToldMs: number | undefined;
}

interface Frame {
  readonly text: string;
  /** Of what each notification in it says of a key, the era that the server was in when it sent it. */
  readonly floors: ReadonlyMap<string, number>;
}

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: {
    readonly key: string;
    readonly keys: readonly string[];
    readonly value: number;
    readonly ttlMs: number | null;
    readonly prefixes: readonly string[];
    readonly noEcho: boolean;
    readonly prefix: string;
    readonly cursor?: string;
  };
}

/** One connection: both ends of it, and the frames on the way. */
export class ModelConnection implements ClientSocket {
  readonly protocol = 'hotset.v1';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly toServer: string[] = [];
  readonly toClient: Frame[] = [];
  readonly subscriptions: { readonly prefixes: readonly string[]; readonly noEcho: boolean }[] = [];
  /** Told of the floors of each frame when it arrives. */
  readonly onFloors: (floors: ReadonlyMap<string, number>) => void;
  /** By key: the era that its last removal by this connection began. */
  readonly removals: Map<string, number> = new Map();
  isOpen = false;
  /** The server has let go of it. */
  isGone = false;
  /** Nothing arrives any more, and nobody is told. */
  isHalfOpen = false;
  /** The client does not read: notifications are dropped, and nothing is carried out for it. */
  isLagging = false;
  hasLost = false;
  /** The client has ended it, or has been told of its end. */
  isOver = false;

  constructor(onFloors: (floors: ReadonlyMap<string, number>) => void) {
    this.onFloors = onFloors;
  }

  send(text: string): void {
    this.toServer.push(text);
  }

  close(): void {
    this.isOver = true;
    this.isGone = true;
  }

  open(): void {
    if (this.isOpen || this.isOver || this.isHalfOpen) return;
    this.isOpen = true;
    this.onopen?.({} as never);
  }

  get canDeliver(): boolean {
    return this.toClient.length > 0 && !this.isOver && !this.isHalfOpen;
  }

  /** The next frame arrives. */
  deliver(): void {
    if (!this.canDeliver) return;
    const frame = this.toClient.shift()!;
    this.onFloors(frame.floors);
    this.onmessage?.({ data: frame.text } as never);
  }

  /** The connection breaks: what is on the way is lost. */
  cut(): void {
    this.isGone = true;
    if (this.isOver || this.isHalfOpen) return;
    this.isOver = true;
    this.onclose?.({ code: 1006, reason: '' } as never);
  }
}

const NO_FLOORS: ReadonlyMap<string, number> = new Map();

export class ModelServer {
  readonly #clock: ManualClock;
  readonly #eras: Map<string, Era[]> = new Map();
  readonly #connections: Set<ModelConnection> = new Set();
  /** Changes of this turn: the last cause, and the connections that made them; null for others than connections. */
  readonly #changes: Map<string, { cause: string; by: Set<ModelConnection | null> }> = new Map();
  #clearedBy: Set<ModelConnection | null> = new Set();
  #untold: { era: Era; expiry: Era['expiries'][number] | null }[] = [];
  #lastValue = 0;
  #lastVersion = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  accept(connection: ModelConnection): void {
    this.#connections.add(connection);
  }

  eraOf(key: string, value: number): Era {
    return this.#eras.get(key)!.find((era) => era.value === value)!;
  }

  /** A value that nobody has written yet. */
  nextValue(): number {
    return ++this.#lastValue;
  }

  /** Carries out the next frame of a connection; its replies go out as one. */
  carryOut(connection: ModelConnection): void {
    if (connection.isGone || connection.isLagging) return;
    const text = connection.toServer.shift();
    if (text === undefined) return;
    const requests = [JSON.parse(text) as Request | Request[]].flat();
    const replies = requests.map((request) => ({
      jsonrpc: '2.0',
      id: request.id,
      result: this.#run(request, connection),
    }));
    connection.toClient.push({
      text: JSON.stringify(replies.length === 1 ? replies[0] : replies),
      floors: NO_FLOORS,
    });
  }

  /** The end of a turn: what has changed in it is told. */
  endTurn(): void {
    const now = this.#clock.now();
    for (const { era, expiry } of this.#untold) {
      if (expiry === null) era.endToldMs = now;
      else expiry.supersededToldMs = now;
    }
    this.#untold = [];
    for (const connection of this.#connections) this.#tell(connection);
    this.#changes.clear();
    this.#clearedBy = new Set();
  }

  /** The client reads again. */
  catchUp(connection: ModelConnection): void {
    connection.isLagging = false;
    if (connection.hasLost) this.#sayAllChanged(connection, 'lagged');
    connection.hasLost = false;
  }

  write(key: string, value: number, ttlMs: number | null, by: ModelConnection | null): string {
    const version = String(++this.#lastVersion);
    this.#begin(key, value, version, ttlMs === null ? Number.POSITIVE_INFINITY : this.#clock.now() + ttlMs);
    this.#note(key, 'stored', by);
    return version;
  }

  remove(key: string, cause: string, by: ModelConnection | null): boolean {
    const isThere = this.#live(key) !== undefined;
    if (isThere) {
      this.#begin(key, undefined, '', 0);
      this.#note(key, cause, by);
      by?.removals.set(key, this.#indexOf(key));
    }
    return isThere;
  }

  touch(key: string, ttlMs: number, by: ModelConnection | null): boolean {
    const era = this.#live(key);
    if (era === undefined) return false;
    const atMs = this.#clock.now() + ttlMs;
    const before = era.expiries.at(-1)!;
    era.expiries.push({ atMs, supersededToldMs: undefined });
    this.#untold.push({ era, expiry: before });
    if (atMs < before.atMs) this.#note(key, 'touched', by);
    return true;
  }

  clear(by: ModelConnection | null): void {
    for (const key of this.#eras.keys()) this.#begin(key, undefined, '', 0);
    this.#clearedBy.add(by);
  }

  /** Reclaims what has expired. */
  sweep(): void {
    const now = this.#clock.now();
    for (const [key, eras] of this.#eras) {
      const era = eras.at(-1)!;
      if (era.value === undefined || era.expiries.at(-1)!.atMs > now) continue;
      this.#begin(key, undefined, '', 0);
      this.#note(key, 'expired', null);
    }
  }

  /** Everything is lost, also how far the versions were. */
  restart(): void {
    this.clear(null);
    this.endTurn();
    this.#lastVersion = 0;
    for (const connection of this.#connections) connection.cut();
    this.#connections.clear();
  }

  #run({ method, params }: Request, by: ModelConnection): unknown {
    switch (method) {
      case 'subscribe':
        by.subscriptions.push(params);
        return { subscription: by.subscriptions.length };
      case 'get':
        return this.#entry(params.key);
      case 'getMany':
        return params.keys.map((key) => this.#entry(key));
      case 'set':
        return { result: 'stored', version: this.write(params.key, params.value, params.ttlMs, by) };
      case 'add':
        return this.#live(params.key) === undefined
          ? { result: 'stored', version: this.write(params.key, params.value, params.ttlMs, by) }
          : { result: 'exists' };
      case 'delete':
        return { result: this.remove(params.key, 'deleted', by) ? 'deleted' : 'not-found' };
      case 'touch':
        return { result: this.touch(params.key, params.ttlMs!, by) ? 'touched' : 'not-found' };
      case 'getAndDelete': {
        const entry = this.#entry(params.key);
        this.remove(params.key, 'deleted', by);
        return entry;
      }
      case 'getAndTouch':
        this.touch(params.key, params.ttlMs!, by);
        return this.#entry(params.key);
      case 'deletePrefix':
        return this.#deletePrefix(params.prefix, params.cursor === undefined, by);
      case 'flush':
        this.clear(by);
        return { result: 'flushed' };
      default:
        return 'pong';
    }
  }

  /** In two requests: the first key, and all others. */
  #deletePrefix(prefix: string, isFirst: boolean, by: ModelConnection): object {
    const [first, ...others] = this.#eras.keys();
    let deleted = 0;
    for (const key of isFirst ? [first!] : others)
      if (key.startsWith(prefix) && this.remove(key, 'deleted', by)) deleted++;
    return { deleted, cursor: isFirst ? '1' : null };
  }

  #entry(key: string): object | null {
    const era = this.#live(key);
    if (era === undefined) return null;
    const leftMs = era.expiries.at(-1)!.atMs - this.#clock.now();
    const ttlMs = leftMs === Number.POSITIVE_INFINITY ? null : leftMs;
    return { value: era.value, flags: 2, version: era.version, ttlMs };
  }

  #live(key: string): Era | undefined {
    const era = this.#eras.get(key)?.at(-1);
    return era?.value !== undefined && era.expiries.at(-1)!.atMs > this.#clock.now() ? era : undefined;
  }

  #begin(key: string, value: number | undefined, version: string, atMs: number): void {
    const eras = this.#eras.get(key) ?? [];
    this.#eras.set(key, eras);
    const last = eras.at(-1);
    if (last !== undefined) this.#untold.push({ era: last, expiry: null });
    eras.push({
      index: eras.length,
      value,
      version,
      expiries: [{ atMs, supersededToldMs: undefined }],
      endToldMs: undefined,
    });
  }

  #note(key: string, cause: string, by: ModelConnection | null): void {
    const change = this.#changes.get(key);
    if (change === undefined) this.#changes.set(key, { cause, by: new Set([by]) });
    else {
      change.cause = cause;
      change.by.add(by);
    }
  }

  #tell(connection: ModelConnection): void {
    const { subscriptions } = connection;
    if (connection.isGone || subscriptions.length === 0) return;
    const concerns = (key: string | null, by: ReadonlySet<ModelConnection | null>): boolean =>
      subscriptions.some(
        ({ prefixes, noEcho }) =>
          (key === null || prefixes.some((prefix) => key.startsWith(prefix))) &&
          !(noEcho && by.size === 1 && by.has(connection)),
      );
    const isCleared = this.#clearedBy.size > 0 && concerns(null, this.#clearedBy);
    const told = [...this.#changes].filter(([key, { by }]) => concerns(key, by));
    if (!isCleared && told.length === 0) return;
    if (connection.isLagging) {
      connection.hasLost = true;
      return;
    }
    if (isCleared) this.#sayAllChanged(connection, 'cleared');
    if (told.length === 0) return;
    const messages = told.map(([key, { cause }]) => ({
      jsonrpc: '2.0',
      method: 'invalidated',
      params: { key, cause, version: this.#live(key)?.version ?? null },
    }));
    connection.toClient.push({
      text: JSON.stringify(messages.length === 1 ? messages[0] : messages),
      floors: new Map(told.map(([key]) => [key, this.#indexOf(key)])),
    });
  }

  #sayAllChanged(connection: ModelConnection, cause: string): void {
    connection.toClient.push({
      text: JSON.stringify({ jsonrpc: '2.0', method: 'invalidatedAll', params: { cause } }),
      floors: new Map([...this.#eras.keys()].map((key) => [key, this.#indexOf(key)])),
    });
  }

  #indexOf(key: string): number {
    return this.#eras.get(key)!.length - 1;
  }
}
