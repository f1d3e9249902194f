/**
 * When the tags of an engine were last invalidated: what began to load before, and has one of them, is too old.
 * All caches over one engine that load share one. All operations are O(1) for each tag.
 */

import type { InvalidationListener } from './entry-store.js';

/** Of tags invalidated longer ago it is known only that they may have been. */
const MAX_TAGS = 4096;

export class Invalidations implements InvalidationListener {
  /** Invalidations so far: each has a number. */
  count = 0;
  /** The number of each tag's last one, the oldest first. */
  readonly #last: Map<string, number> = new Map();
  /** The number of the last one that is not known any more. */
  #forgotten = 0;

  invalidated(tag: string): void {
    this.#last.delete(tag);
    this.#last.set(tag, ++this.count);
    if (this.#last.size <= MAX_TAGS) return;
    for (const [oldest, number] of this.#last) {
      this.#last.delete(oldest);
      this.#forgotten = number;
      return;
    }
  }

  /** Whether one of these tags has been invalidated, or may have been, since there were so many invalidations. */
  concern(tags: readonly string[], since: number): boolean {
    return (
      tags.length > 0 && (this.#forgotten > since || tags.some((tag) => (this.#last.get(tag) ?? 0) > since))
    );
  }
}
