/**
 * What replies keep alive while they wait to be read, over all clients: values that the cache may have evicted long
 * since. Memory that several replies refer to is counted once. When more is kept than is allowed, the client that has
 * read nothing for longest loses its connection. `hold` is linear in the pieces of one reply.
 */

/** One client's replies. */
export interface UnreadReply {
  /** Lets go of them: the connection ends. */
  giveUp(): void;
}

export class UnreadReplies {
  readonly maxBytes: number;
  readonly #onHeld: () => void;
  #bytes = 0;
  /** What each keeps alive; those who have read nothing for longest first. */
  readonly #held = new Map<UnreadReply, ArrayBufferLike[]>();
  /** In how many replies each piece of memory is. */
  readonly #uses = new Map<ArrayBufferLike, number>();

  /** `onHeld` is called when more is held than before. */
  constructor(maxBytes: number, onHeld: () => void = () => {}) {
    this.maxBytes = maxBytes;
    this.#onHeld = onHeld;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `chunks` wait for the client as well; it may have to give them up at once. */
  hold(reply: UnreadReply, chunks: readonly Buffer[]): void {
    const memories = this.#held.get(reply) ?? [];
    this.#held.delete(reply);
    this.#held.set(reply, memories);
    for (const { buffer } of chunks) {
      const uses = this.#uses.get(buffer) ?? 0;
      if (uses === 0) this.#bytes += buffer.byteLength;
      this.#uses.set(buffer, uses + 1);
      memories.push(buffer);
    }
    while (this.#bytes > this.maxBytes) {
      const [longest] = this.#held.keys();
      this.release(longest!);
      longest!.giveUp();
    }
    this.#onHeld();
  }

  /** The client has read something, and not all. */
  advance(reply: UnreadReply): void {
    const memories = this.#held.get(reply);
    if (memories === undefined) return;
    this.#held.delete(reply);
    this.#held.set(reply, memories);
  }

  /** Everything has been read, or the client is gone. */
  release(reply: UnreadReply): void {
    const memories = this.#held.get(reply);
    if (memories === undefined) return;
    this.#held.delete(reply);
    for (const memory of memories) {
      const uses = this.#uses.get(memory)! - 1;
      if (uses > 0) this.#uses.set(memory, uses);
      else {
        this.#uses.delete(memory);
        this.#bytes -= memory.byteLength;
      }
    }
  }
}
