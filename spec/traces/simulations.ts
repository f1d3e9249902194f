/**
 * SIEVE and S3-FIFO as their papers have them, in bytes, over Maps in order of insertion and without the engine: what it
 * is compared with where no published figures are.
 */

interface Entry {
  readonly cost: number;
  uses: number;
}

/** Reads through a cache of so many bytes. Returns whether it was a hit. */
export type Simulation = (key: number, cost: number) => boolean;

function firstOf<V>(map: ReadonlyMap<number, V>): [number, V] {
  return map.entries().next().value!;
}

export function lru(capacity: number): Simulation {
  const held = new Map<number, number>();
  let bytes = 0;
  return (key, cost) => {
    const isHit = held.delete(key);
    if (!isHit) {
      bytes += cost;
      while (bytes > capacity) {
        const [oldest, its] = firstOf(held);
        held.delete(oldest);
        bytes -= its;
      }
    }
    held.set(key, cost);
    return isHit;
  };
}

export function sieve(capacity: number): Simulation {
  // A ring of places: the hand goes on where it stopped, and places of those that left are empty.
  let ring: (number | undefined)[] = [];
  const held = new Map<number, Entry>();
  let bytes = 0;
  let hand = 0;
  return (key, cost) => {
    const entry = held.get(key);
    if (entry !== undefined) {
      entry.uses = 1;
      return true;
    }
    while (bytes + cost > capacity) {
      if (hand === ring.length) {
        ring = ring.filter((each) => each !== undefined);
        hand = 0;
      }
      const each = ring[hand];
      if (each !== undefined) {
        const its = held.get(each)!;
        if (its.uses === 0) {
          held.delete(each);
          bytes -= its.cost;
          ring[hand] = undefined;
        } else its.uses = 0;
      }
      hand++;
    }
    held.set(key, { cost, uses: 0 });
    ring.push(key);
    bytes += cost;
    return false;
  };
}

export function s3Fifo(capacity: number): Simulation {
  const small = new Map<number, Entry>();
  const main = new Map<number, Entry>();
  const ghosts = new Map<number, number>();
  let [smallBytes, mainBytes, ghostBytes] = [0, 0, 0];

  const evictFromMain = (): void => {
    for (;;) {
      const [key, entry] = firstOf(main);
      main.delete(key);
      if (entry.uses === 0) {
        mainBytes -= entry.cost;
        return;
      }
      entry.uses--;
      main.set(key, entry);
    }
  };
  const evictFromSmall = (): void => {
    while (small.size > 0) {
      const [key, entry] = firstOf(small);
      small.delete(key);
      smallBytes -= entry.cost;
      if (entry.uses > 1) {
        main.set(key, { cost: entry.cost, uses: 0 });
        mainBytes += entry.cost;
        continue;
      }
      ghosts.set(key, entry.cost);
      ghostBytes += entry.cost;
      while (ghostBytes > capacity * 0.9) {
        const [oldest, its] = firstOf(ghosts);
        ghosts.delete(oldest);
        ghostBytes -= its;
      }
      return;
    }
  };

  return (key, cost) => {
    const entry = small.get(key) ?? main.get(key);
    if (entry !== undefined) {
      entry.uses = Math.min(entry.uses + 1, 3);
      return true;
    }
    const ghost = ghosts.get(key);
    if (ghost !== undefined) {
      ghosts.delete(key);
      ghostBytes -= ghost;
    }
    while (smallBytes + mainBytes + cost > capacity)
      if (mainBytes > capacity * 0.9 || small.size === 0) evictFromMain();
      else evictFromSmall();
    const isKnown = ghost !== undefined;
    (isKnown ? main : small).set(key, { cost, uses: 0 });
    if (isKnown) mainBytes += cost;
    else smallBytes += cost;
    return false;
  };
}
