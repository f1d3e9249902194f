/** A client on a manual clock, and the far ends of its sockets, which a spec plays by hand. */

import {
  type ClientOptions,
  type ClientSocket,
  type ClientState,
  HotsetClient,
} from '../../lib/client/index.js';
import { ManualClock } from '../../lib/index.js';
import { ManualScheduler } from '../../lib/loading/index.js';

export interface SentRequest {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** One socket, seen from the server. */
export class FarEnd implements ClientSocket {
  protocol = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly url: string;
  readonly offered: readonly string[];
  bytesRead = 0;
  bufferedAmount = 0;
  /** Every frame that the client has sent, as JSON. */
  readonly frames: unknown[] = [];
  /** How the client has ended it. */
  end: 'closed' | 'terminated' | null = null;
  #taken = 0;

  constructor(url: string, offered: readonly string[]) {
    this.url = url;
    this.offered = offered;
  }

  // As the client sees it.

  send(text: string): void {
    this.frames.push(JSON.parse(text));
  }

  close(): void {
    this.end = 'closed';
  }

  terminate(): void {
    this.end = 'terminated';
  }

  // As the server sees it.

  open(protocol = 'hotset.v1'): void {
    this.protocol = protocol;
    this.onopen?.({} as never);
  }

  /** Requests that have not been taken yet, whatever frames they came in. */
  take(): SentRequest[] {
    const requests = this.frames.flat() as SentRequest[];
    const fresh = requests.slice(this.#taken);
    this.#taken = requests.length;
    return fresh;
  }

  say(message: unknown): void {
    this.sayRaw(JSON.stringify(message));
  }

  sayRaw(data: unknown): void {
    this.onmessage?.({ data } as never);
  }

  reply({ id }: SentRequest, result: unknown): void {
    this.say({ jsonrpc: '2.0', id, result });
  }

  refuse({ id }: SentRequest, code: number, message: string, data?: unknown): void {
    this.say({ jsonrpc: '2.0', id, error: { code, message, data } });
  }

  invalidate(key: string, cause: string, version: string | null): void {
    this.say({ jsonrpc: '2.0', method: 'invalidated', params: { key, cause, version } });
  }

  invalidateAll(cause: string): void {
    this.say({ jsonrpc: '2.0', method: 'invalidatedAll', params: { cause } });
  }

  drop(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason } as never);
  }
}

export interface ClientFixture {
  readonly client: HotsetClient;
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly ends: FarEnd[];
  readonly end: FarEnd;
  readonly states: ClientState[];
  readonly errors: unknown[];
}

/** Nothing is random: each wait before a reconnect is as long as it can be. */
export function makeClient(options: ClientOptions = {}): ClientFixture {
  const clock = new ManualClock(1000);
  const scheduler = new ManualScheduler(clock);
  const ends: FarEnd[] = [];
  const states: ClientState[] = [];
  const errors: unknown[] = [];
  const client = new HotsetClient('ws://cache.example/ws', {
    clock,
    scheduler,
    random: () => 0.999_999,
    socket: (url, offered) => {
      const end = new FarEnd(url, offered);
      ends.push(end);
      return end;
    },
    onStateChange: (state) => states.push(state),
    onError: (error) => errors.push(error),
    ...options,
  });
  return {
    client,
    clock,
    scheduler,
    ends,
    states,
    errors,
    get end() {
      return ends.at(-1)!;
    },
  };
}

/** The same, connected, with the near cache's subscription answered. */
export async function connectedClient(options: ClientOptions = {}): Promise<ClientFixture> {
  const fixture = makeClient(options);
  await settled();
  await accept(fixture);
  return fixture;
}

/** Opens the latest socket, and answers what is to be first on it. */
export async function accept(fixture: ClientFixture): Promise<void> {
  fixture.end.open();
  await settled();
  let subscription = 0;
  for (const request of fixture.end.take())
    if (request.method === 'subscribe') fixture.end.reply(request, { subscription: ++subscription });
  await settled();
}

/** An entry as the server tells it. */
export function entry(value: unknown, version = '1', ttlMs: number | null = null): object {
  return { value, flags: typeof value === 'string' ? 0 : 2, version, ttlMs };
}

/** Lets everything happen that only waits for promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
