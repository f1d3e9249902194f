/**
 * The network between processes and servers. Within one link the order stays; links know nothing of each other. A link is cut
 * (both sides know), or goes silent (neither does, until it gives up); what was under way is lost, or still arrives.
 */

import type { Dice, VirtualTime } from './virtual-time.js';

/** A process: it can be stopped for a while, when nothing reaches it and no timer runs, and it can die. */
export class Process {
  isDead = false;
  #isPaused = false;
  #timers: (() => void)[] = [];
  #arrivals: (() => void)[] = [];

  /** Runs what comes to the process, now or when it goes on. */
  run(kind: 'timer' | 'arrival', task: () => void): void {
    if (this.isDead) return;
    if (this.#isPaused) (kind === 'timer' ? this.#timers : this.#arrivals).push(task);
    else task();
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** An event loop may see to either first. */
  resume(timersFirst: boolean): void {
    this.#isPaused = false;
    const [timers, arrivals] = [this.#timers, this.#arrivals];
    this.#timers = [];
    this.#arrivals = [];
    for (const task of timersFirst ? [...timers, ...arrivals] : [...arrivals, ...timers])
      this.run('arrival', task);
  }
}

/** One direction of a link. */
export class Wire {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  #lastMs = 0;
  /** Added to each delay: the link is slow. */
  lagMs = 0;

  constructor(time: VirtualTime, dice: Dice) {
    this.#time = time;
    this.#dice = dice;
  }

  send(arrive: () => void): void {
    const now = this.#time.now();
    const delayMs = (this.#dice.is(0.8) ? this.#dice.whole(0, 4) : this.#dice.whole(5, 25)) + this.lagMs;
    this.#lastMs = Math.max(this.#lastMs, now + delayMs);
    this.#time.schedule(this.#lastMs - now, arrive);
  }
}

/** Whether what is sent arrives: no (and that is seen), or nobody knows. */
export type Reach = 'open' | 'refused' | 'silent';

interface Pending {
  reject(error: Error): void;
}

/** Requests and their answers. */
export class Connection {
  reach: Reach = 'open';
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #process: Process;
  readonly #pending = new Set<Pending>();
  #out: Wire;
  #back: Wire;
  /** What was sent before it was cut does not arrive, or not come back. */
  #epoch = { arrives: true, returns: true };

  constructor(time: VirtualTime, dice: Dice, process: Process) {
    this.#time = time;
    this.#dice = dice;
    this.#process = process;
    this.#out = new Wire(time, dice);
    this.#back = new Wire(time, dice);
  }

  send<T>(request: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { reject };
      const end = (how: () => void): void =>
        this.#process.run('arrival', () => {
          if (this.#pending.delete(pending)) how();
        });
      this.#pending.add(pending);
      signal?.addEventListener('abort', () => {
        if (this.#pending.delete(pending)) reject(signal.reason);
      });
      if (this.reach === 'refused') {
        this.#time.schedule(1, () => end(() => reject(new Error('refused'))));
        return;
      }
      const epoch = this.#epoch;
      if (this.reach === 'silent') return;
      this.#out.send(() => {
        if (!epoch.arrives) return;
        let answer: () => void;
        try {
          const value = request();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error);
        }
        this.#back.send(() => {
          if (epoch.returns) end(answer);
        });
      });
    });
  }

  /** All that waits fails. */
  cut(): void {
    this.#break();
    for (const pending of [...this.#pending]) {
      this.#process.run('arrival', () => {
        if (this.#pending.delete(pending)) pending.reject(new Error('cut'));
      });
    }
    this.reach = 'refused';
  }

  /** Nothing comes back, and nobody knows. */
  silence(): void {
    this.#break();
    this.reach = 'silent';
  }

  mend(): void {
    if (this.reach === 'silent') this.cut();
    this.reach = 'open';
  }

  lag(lagMs: number): void {
    this.#out.lagMs = lagMs;
    this.#back.lagMs = lagMs;
  }

  #break(): void {
    this.#epoch.returns = false;
    this.#epoch.arrives = this.#dice.is(0.5);
    this.#epoch = { arrives: true, returns: true };
    this.#out = new Wire(this.#time, this.#dice);
    this.#back = new Wire(this.#time, this.#dice);
  }
}

export interface FeedServer<M> {
  isDown(): boolean;
  subscribe(deliver: (message: M) => void): () => void;
}

export interface FeedEvents<M> {
  /** The subscription stands. */
  onUp(askedAtMs: number): void;
  onDown(error: Error): void;
  onMessage(message: M): void;
  /** All that the server has sent before it got what was sent at `sentAtMs` is here. */
  onPong?(sentAtMs: number): void;
}

/** One connection of a feed. */
interface Link {
  readonly out: Wire;
  readonly back: Wire;
  isUp: boolean;
  /** What is sent is lost, either way. */
  isDeaf: boolean;
  end(): void;
}

const PING_MS = 30;
const GIVE_UP_MS = 400;

/** A subscription, which connects again by itself. */
export class Feed<M> {
  #reach: Reach = 'open';
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #process: Process;
  readonly #server: FeedServer<M>;
  readonly #events: FeedEvents<M>;
  #isStopped = false;
  #lagMs = 0;
  /** The connection of today. */
  #link: Link | null = null;

  constructor(time: VirtualTime, dice: Dice, process: Process, server: FeedServer<M>, events: FeedEvents<M>) {
    this.#time = time;
    this.#dice = dice;
    this.#process = process;
    this.#server = server;
    this.#events = events;
  }

  connect(): void {
    if (this.#isStopped || this.#process.isDead || this.#link !== null) return;
    const link: Link = {
      out: new Wire(this.#time, this.#dice),
      back: new Wire(this.#time, this.#dice),
      isUp: false,
      isDeaf: false,
      end: () => {},
    };
    link.out.lagMs = this.#lagMs;
    link.back.lagMs = this.#lagMs;
    this.#link = link;
    if (this.#reach === 'refused') {
      this.#time.schedule(1, () => this.#lose(link));
      return;
    }
    if (this.#reach === 'silent') {
      this.#time.schedule(GIVE_UP_MS, () => this.#lose(link));
      return;
    }
    const askedAtMs = this.#time.now();
    link.out.send(() => {
      if (this.#link !== link || link.isDeaf) return;
      if (this.#server.isDown() || this.#process.isDead) {
        link.back.send(() => this.#lose(link));
        return;
      }
      link.end = this.#server.subscribe((message) =>
        this.#bring(link, () => this.#events.onMessage(message)),
      );
      this.#bring(link, () => {
        link.isUp = true;
        this.#events.onUp(askedAtMs);
        this.#ping(link);
      });
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#link?.end();
    this.#link = null;
  }

  cut(): void {
    this.#reach = 'refused';
    if (this.#link !== null) this.#lose(this.#link);
  }

  /** The server has ended it. */
  drop(): void {
    if (this.#link !== null) this.#lose(this.#link);
  }

  silence(): void {
    this.#reach = 'silent';
    const link = this.#link;
    if (link === null || link.isDeaf) return;
    link.isDeaf = true;
    this.#time.schedule(GIVE_UP_MS, () => this.#lose(link));
  }

  mend(): void {
    this.#reach = 'open';
  }

  lag(lagMs: number): void {
    this.#lagMs = lagMs;
    if (this.#link === null) return;
    this.#link.out.lagMs = lagMs;
    this.#link.back.lagMs = lagMs;
  }

  #bring(link: Link, arrive: () => void): void {
    if (link.isDeaf) return;
    link.back.send(() => {
      if (link.isDeaf) return;
      this.#process.run('arrival', () => {
        if (this.#link === link) arrive();
      });
    });
  }

  #lose(link: Link): void {
    if (this.#link !== link) return;
    link.end();
    this.#process.run('arrival', () => {
      if (this.#link !== link) return;
      this.#link = null;
      this.#events.onDown(new Error('the feed was lost'));
      this.#time.schedule(this.#dice.whole(5, 40), () => this.#process.run('timer', () => this.connect()));
    });
  }

  #ping(link: Link): void {
    if (this.#events.onPong === undefined || this.#link !== link) return;
    const sentAtMs = this.#time.now();
    link.out.send(() => {
      if (this.#link === link && !this.#process.isDead)
        this.#bring(link, () => this.#events.onPong?.(sentAtMs));
    });
    this.#time.schedule(PING_MS, () => this.#process.run('timer', () => this.#ping(link)));
  }
}
