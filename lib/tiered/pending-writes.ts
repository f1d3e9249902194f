/**
 * Writes of this process that the second tier has not answered yet. Which of two values is the later one only the tier knows:
 * the first tier keeps the value of a write only if the key was not written, reported as changed or invalidated meanwhile.
 * O(1), but for `disturbAll`: O(writes).
 */

export interface PendingWrite {
  readonly key: string;
  /** Whether another change of the key came in between. */
  isDisturbed: boolean;
}

export class PendingWrites {
  readonly #byKey: Map<string, Set<PendingWrite>> = new Map();

  /** To be followed by `end`. */
  begin(key: string): PendingWrite {
    const others = this.#byKey.get(key);
    const write = { key, isDisturbed: others !== undefined };
    if (others === undefined) this.#byKey.set(key, new Set([write]));
    else {
      for (const other of others) other.isDisturbed = true;
      others.add(write);
    }
    return write;
  }

  end(write: PendingWrite): void {
    const writes = this.#byKey.get(write.key);
    if (writes?.delete(write) === true && writes.size === 0) this.#byKey.delete(write.key);
  }

  disturb(key: string): void {
    const writes = this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
    if (writes !== undefined) for (const write of writes) write.isDisturbed = true;
  }

  disturbAll(): void {
    for (const writes of this.#byKey.values()) for (const write of writes) write.isDisturbed = true;
  }
}
