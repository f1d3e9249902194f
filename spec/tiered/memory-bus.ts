/** Pub/sub inside of the process: a transport for a bus, each of whose links can be cut, and can lose messages. */

import type { BusTransport } from '../../lib/tiered/bus.js';

/** What the subscribers of all channels share. */
export class MemoryHub {
  readonly subscribers: Set<{ readonly channel: string; onMessage(text: string): void }> = new Set();

  publish(channel: string, text: string): void {
    for (const subscriber of [...this.subscribers])
      if (subscriber.channel === channel) subscriber.onMessage(text);
  }
}

/** One process' link to the hub. Everything happens at once; `isCut` and `isDeaf` are to be set by the spec. */
export class MemoryTransport implements BusTransport {
  readonly name = 'memory';
  readonly #hub: MemoryHub;
  #links: ((isUp: boolean, error?: unknown) => void)[] = [];
  #isCut = false;
  /** Messages are lost on their way to it, and nobody notices. */
  isDeaf = false;

  constructor(hub: MemoryHub) {
    this.#hub = hub;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    for (const onLink of this.#links) onLink(!isCut, isCut ? new Error('cut') : undefined);
  }

  async publish(channel: string, text: string): Promise<void> {
    if (this.#isCut) throw new Error('cut');
    this.#hub.publish(channel, text);
  }

  subscribe(
    channel: string,
    onMessage: (text: string) => void,
    onLink: (isUp: boolean, error?: unknown) => void,
  ): () => Promise<void> {
    const subscriber = {
      channel,
      onMessage: (text: string) => {
        if (!this.#isCut && !this.isDeaf) onMessage(text);
      },
    };
    this.#hub.subscribers.add(subscriber);
    this.#links.push(onLink);
    if (!this.#isCut) onLink(true);
    return async () => {
      this.#hub.subscribers.delete(subscriber);
      this.#links = this.#links.filter((each) => each !== onLink);
    };
  }
}
