/**
 * The threads of one server, each with an ItemStore of its own over the same shared items. To a client they are one:
 *
 * - What each has counted is in a row of shared memory, so that any of them can add up all rows at once. A row is
 *   written at the end of each turn.
 * - What they must agree on at once (a delayed flush_all, the step of the wall clock) is shared memory: `ItemStore.state`.
 * - What is rare goes through a channel: settings, `watch`, `stats conns`, `stats reset`, reads that the live view asks for.
 *
 * A group is a transport among those of its ItemStore: that of all other threads.
 */

import { BroadcastChannel } from 'node:worker_threads';
import type { ItemStore } from '../memcached/item-store.js';
import { FIGURES, type FigureName, type Siblings, STATE } from '../memcached/siblings.js';
import type { Relay } from '../memcached/watch/watch-log.js';
import type { ConnectionInfo, Transport, TransportSettings } from '../transport.js';

/** The figures of all transports of a thread. */
const TRANSPORT_FIGURES = [
  'currentConnections',
  'totalConnections',
  'rejectedConnections',
  'idleKicks',
  'yields',
  'handshakeErrors',
  'bytesRead',
  'bytesWritten',
] as const;
type TransportFigure = (typeof TRANSPORT_FIGURES)[number];

const ROW: number = FIGURES.length + TRANSPORT_FIGURES.length;

/** How long an answer waits for that of the other threads. */
const ANSWER_MS = 1000;
/** Lines of the log that may be on their way to a thread: as a watcher's own buffer. */
const LINES_MAX_BYTES: number = 256 * 1024;
/** Keys that have been read and are sent together. */
const KEYS_AT_ONCE = 1000;

/** What the threads of a server are given to find each other. */
export interface ThreadGroupHandle {
  readonly channel: string;
  readonly threads: number;
  readonly figures: SharedArrayBuffer;
}

export function newThreadGroup(threads: number, channel: string): ThreadGroupHandle {
  return { channel, threads, figures: new SharedArrayBuffer((STATE + threads * ROW) * 8) };
}

interface Question {
  readonly kind: 'connections' | 'detail';
  readonly id: number;
}

/** What threads send each other. */
type Message = { readonly from: number; readonly to?: number } & (
  | { readonly hello: true }
  | { readonly settings: Pick<ItemStore, 'verbosity'> & { detail: boolean; shown: object } }
  | { readonly resetStats: true }
  | { readonly reload: true }
  | { readonly watched: number }
  | { readonly lines: readonly (readonly [category: number, line: string])[]; readonly bytes: number }
  | { readonly shown: number }
  | { readonly wantsReads: boolean }
  | { readonly keys: readonly string[] }
  | { readonly question: Question }
  | { readonly answerTo: number; readonly list: readonly unknown[] }
);

interface Answer {
  missing: number;
  readonly list: unknown[];
}

export class ThreadGroup implements Siblings, Transport, Relay {
  readonly threads: number;
  readonly isFirst: boolean;
  readonly maxConnections = 0;
  readonly idleTimeoutSeconds = 0;
  readonly settings: TransportSettings;

  readonly #self: number;
  readonly #items: ItemStore;
  readonly #rows: readonly Float64Array[];
  readonly #channel: BroadcastChannel;
  readonly #answers = new Map<number, Answer>();
  #lastQuestion = 0;
  /** What each other thread watches, and the bytes of lines that are on their way to it. */
  readonly #watched = new Map<number, number>();
  readonly #onTheWay = new Map<number, number>();
  #watchedHere = 0;
  #lines: [number, string][] = [];
  #linesBytes = 0;
  readonly #wantReads = new Set<number>();
  #endReads: (() => void) | null = null;
  #keys: string[] = [];
  /** While it does what another thread has asked for: that goes no further. */
  #receives = false;

  /** Makes `items`, which serves nobody yet, that of one of the server's threads: the first is 0. */
  constructor({ channel, threads, figures }: ThreadGroupHandle, self: number, items: ItemStore) {
    this.threads = threads;
    this.isFirst = self === 0;
    this.#self = self;
    this.#items = items;
    this.#rows = Array.from(
      { length: threads },
      (_, thread) => new Float64Array(figures, (STATE + thread * ROW) * 8, ROW),
    );
    const state = new Float64Array(figures, 0, STATE);
    if (this.isFirst) state.set(items.state);
    items.state = state;
    this.settings = { ...NO_SETTINGS, reload: () => this.#post({ reload: true }) };
    this.#channel = new BroadcastChannel(channel);
    this.#channel.onmessage = (event) => this.#receive((event as { data: Message }).data);
    this.#channel.unref();
    items.siblings = this;
    items.log.relay = this;
    items.connectionNumbers.share(self, threads);
  }

  /** To be called once the server listens: its own transport comes first among those of `items`. */
  join(): void {
    this.#items.transports.add(this);
    this.publish();
    this.#post({ hello: true });
  }

  /** Leaves the server. */
  close(): void {
    this.#channel.close();
    this.#items.transports.delete(this);
    this.#rows[this.#self]!.fill(0, FIGURES.length, FIGURES.length + 1);
  }

  // Figures

  publish(): void {
    const row = this.#rows[this.#self]!;
    this.#items.writeFigures(row);
    for (let i = 0; i < TRANSPORT_FIGURES.length; i++) {
      let sum = 0;
      for (const transport of this.#items.transports)
        if (transport !== this) sum += transport[TRANSPORT_FIGURES[i]!];
      row[FIGURES.length + i] = sum;
    }
  }

  figure(name: FigureName): number {
    return this.#sum(FIGURES.indexOf(name));
  }

  #sum(at: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.threads; thread++)
      if (thread !== this.#self) sum += this.#rows[thread]![at]!;
    return sum;
  }

  #transportFigure(name: TransportFigure): number {
    return this.#sum(FIGURES.length + TRANSPORT_FIGURES.indexOf(name));
  }

  get currentConnections(): number {
    return this.#transportFigure('currentConnections');
  }

  get totalConnections(): number {
    return this.#transportFigure('totalConnections');
  }

  get rejectedConnections(): number {
    return this.#transportFigure('rejectedConnections');
  }

  get idleKicks(): number {
    return this.#transportFigure('idleKicks');
  }

  get yields(): number {
    return this.#transportFigure('yields');
  }

  get handshakeErrors(): number {
    return this.#transportFigure('handshakeErrors');
  }

  get bytesRead(): number {
    return this.#transportFigure('bytesRead');
  }

  get bytesWritten(): number {
    return this.#transportFigure('bytesWritten');
  }

  resetStats(): void {
    this.#post({ resetStats: true });
  }

  // Questions

  *connections(): Generator<ConnectionInfo | null, void, undefined> {
    yield* this.#ask<ConnectionInfo>('connections');
  }

  *detail(): Generator<string | null, void, undefined> {
    yield* this.#ask<string>('detail');
  }

  *#ask<T>(kind: Question['kind']): Generator<T | null, void, undefined> {
    const id = ++this.#lastQuestion;
    const answer: Answer = { missing: this.threads - 1, list: [] };
    this.#answers.set(id, answer);
    this.#post({ question: { kind, id } });
    const endsAtMs = performance.now() + ANSWER_MS;
    try {
      while (answer.missing > 0 && performance.now() < endsAtMs) yield null;
    } finally {
      this.#answers.delete(id);
    }
    yield* answer.list as T[];
  }

  #listFor({ kind }: Question): unknown[] {
    if (kind === 'detail') return [this.#items.prefixes.dump().replace(/END\r\n$/, '')];
    return [...this.#items.transports].flatMap((transport) =>
      transport === this ? [] : [...transport.connections()],
    );
  }

  // Orders

  setAsHere(): void {
    const { verbosity, prefixes, admin } = this.#items;
    this.#post({ settings: { verbosity, detail: prefixes.enabled, shown: { ...admin.settings } } });
  }

  watch(mask: number): void {
    if (mask === this.#watchedHere) return;
    this.#watchedHere = mask;
    this.#post({ watched: mask });
  }

  send(category: number, line: string): boolean {
    if (this.#linesBytes + Math.max(0, ...this.#onTheWay.values()) > LINES_MAX_BYTES) return false;
    if (this.#lines.length === 0) setImmediate(() => this.#sendLines());
    this.#lines.push([category, line]);
    this.#linesBytes += line.length;
    return true;
  }

  #sendLines(): void {
    const bytes = this.#linesBytes;
    for (const thread of this.#watched.keys())
      this.#onTheWay.set(thread, (this.#onTheWay.get(thread) ?? 0) + bytes);
    this.#post({ lines: this.#lines, bytes });
    this.#lines = [];
    this.#linesBytes = 0;
  }

  wantReads(wanted: boolean): void {
    this.#post({ wantsReads: wanted });
  }

  /** Defer to the event loop: what is at work ends first. */
  onError(error: unknown): void {
    setImmediate(() => {
      throw error;
    });
  }

  #post(message: DistributedOmit<Message, 'from'>): void {
    if (!this.#receives) this.#channel.postMessage({ ...message, from: this.#self });
  }

  // What others send

  #receive(message: Message): void {
    const items = this.#items;
    if (message.to !== undefined && message.to !== this.#self) return;
    if ('question' in message) {
      const list = this.#listFor(message.question);
      this.#post({ to: message.from, answerTo: message.question.id, list });
    } else if ('answerTo' in message) {
      const answer = this.#answers.get(message.answerTo);
      if (answer === undefined) return;
      answer.missing--;
      answer.list.push(...message.list);
    } else if ('hello' in message) {
      if (this.#watchedHere !== 0) this.#post({ watched: this.#watchedHere });
    } else if ('watched' in message) this.#onWatched(message.from, message.watched);
    else if ('lines' in message) {
      for (const [category, line] of message.lines) items.log.show(category, line);
      if (this.#watchedHere !== 0) this.#post({ to: message.from, shown: message.bytes });
    } else if ('shown' in message) {
      const left = (this.#onTheWay.get(message.from) ?? 0) - message.shown;
      this.#onTheWay.set(message.from, Math.max(0, left));
    } else if ('keys' in message) {
      this.#receives = true;
      for (const key of message.keys) items.tellOfRead(key);
      this.#receives = false;
    } else this.#obey(message);
  }

  #obey(message: Message): void {
    const items = this.#items;
    this.#receives = true;
    try {
      if ('settings' in message) {
        items.verbosity = message.settings.verbosity;
        items.prefixes.enabled = message.settings.detail;
        Object.assign(items.admin.settings, message.settings.shown);
      } else if ('resetStats' in message) {
        items.resetStats();
        items.admin.resetStats();
      } else if ('reload' in message) {
        // The transport has logged what it cannot use.
        for (const { settings } of items.transports)
          try {
            settings.reload();
          } catch {}
      } else if ('wantsReads' in message) this.#onWantsReads(message.from, message.wantsReads);
    } finally {
      this.#receives = false;
    }
    this.publish();
  }

  #onWatched(thread: number, mask: number): void {
    if (mask === 0) {
      this.#watched.delete(thread);
      this.#onTheWay.delete(thread);
    } else this.#watched.set(thread, mask);
    let all = 0;
    for (const each of this.#watched.values()) all |= each;
    this.#items.log.watchElsewhere(all);
  }

  #onWantsReads(thread: number, wanted: boolean): void {
    if (wanted) this.#wantReads.add(thread);
    else this.#wantReads.delete(thread);
    if (this.#wantReads.size > 0) this.#endReads ??= this.#items.onRead(this.#onRead);
    else {
      this.#endReads?.();
      this.#endReads = null;
    }
  }

  readonly #onRead = (key: string): void => {
    if (this.#receives) return;
    if (this.#keys.length === 0) setImmediate(() => this.#sendKeys());
    this.#keys.push(key);
    if (this.#keys.length >= KEYS_AT_ONCE) this.#sendKeys();
  };

  #sendKeys(): void {
    if (this.#keys.length === 0) return;
    this.#post({ keys: this.#keys });
    this.#keys = [];
  }
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The other threads' own transports show all of this. */
const NO_SETTINGS: Omit<TransportSettings, 'reload'> = {
  kind: 'threads',
  tcpPort: -1,
  host: null,
  path: null,
  mode: 0,
  protocol: 'auto',
  backlog: 0,
  authenticates: false,
  tls: null,
  certificatesReadAtMs: 0,
};
