/** A session over an ItemStore that the spec can look into, on a clock that stands still. */

import { type CacheEngine, type CacheEngineOptions, ManualClock } from '../../../lib/index.js';
import { ItemStore, type ItemStoreOptions, openItems } from '../../../lib/memcached/item-store.js';
import { ReplyBuffer } from '../../../lib/memcached/reply-buffer.js';
import { Session } from '../../../lib/memcached/session.js';
import { createServed } from '../../support/stores.js';

/** 2026-01-01, in seconds. */
export const START_SECONDS: number = Date.UTC(2026, 0, 1) / 1000;

export class Administered {
  readonly clock: ManualClock = new ManualClock(START_SECONDS * 1000);
  readonly engine: CacheEngine<string, unknown>;
  readonly items: ItemStore;
  readonly out: ReplyBuffer = new ReplyBuffer();
  readonly session: Session;

  constructor(options: ItemStoreOptions = {}, engineOptions: CacheEngineOptions<string, unknown> = {}) {
    this.engine = createServed({
      maxBytes: 64 * 1024 * 1024,
      clock: this.clock,
      ...engineOptions,
    });
    this.items = new ItemStore(openItems(this.engine), { clock: this.clock, ...options });
    this.session = new Session(this.items, this.out);
  }

  /** All that is answered to `data`, however many turns that takes. */
  ask(data: string): string {
    let state = this.session.feed(Buffer.from(data, 'latin1'));
    let replies = this.take();
    while (state === 'blocked') {
      state = this.session.resume();
      replies += this.take();
    }
    return state === 'closed' ? `${replies}<closed>` : replies;
  }

  /** Replies that wait. */
  take(): string {
    const text = Buffer.concat(this.out.take()).toString('latin1');
    this.out.release();
    return text;
  }

  set(key: string, value = 'v', exptime = 0, flags = 0): void {
    const reply = this.ask(`set ${key} ${flags} ${exptime} ${value.length}\r\n${value}\r\n`);
    if (reply !== 'STORED\r\n') throw new Error(`${key}: ${reply}`);
  }

  /** A list of statistics, in its order. */
  stats(args = ''): Map<string, string> {
    const lines = this.ask(args === '' ? 'stats\r\n' : `stats ${args}\r\n`).split('\r\n');
    if (lines.at(-2) !== 'END') throw new Error(lines.join('\n'));
    return new Map(
      lines.slice(0, -2).map((line): [string, string] => {
        const [stat, name, ...value] = line.split(' ');
        if (stat !== 'STAT' || name === undefined || value.length === 0) throw new Error(line);
        return [name, value.join(' ')];
      }),
    );
  }

  /** One statistic, as a number. */
  stat(name: string, args = ''): number {
    const value = this.stats(args).get(name);
    if (value === undefined) throw new Error(`there is no ${name}`);
    return Number(value);
  }
}
