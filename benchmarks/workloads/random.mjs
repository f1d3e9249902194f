/** Seeded randomness: every contender, round and machine gets the same sequence. */

/** mulberry32: numbers in [0, 1). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers from 0 below `count`, shuffled. */
export function shuffled(count, random) {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const number = numbers[i];
    numbers[i] = numbers[other];
    numbers[other] = number;
  }
  return numbers;
}

/** Draws from a lognormal distribution with that median, within bounds (what is beyond them is drawn again). */
export function lognormal(median, sigma, [min, max], random) {
  return () => {
    for (;;) {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      const drawn = median * Math.exp(sigma * normal);
      if (drawn >= min && drawn <= max) return Math.round(drawn);
    }
  };
}

/** Draws ranks below `count`, rank r with a weight of 1 / (r + 1) ** exponent. */
export function zipf(count, exponent, random) {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulative[rank] = sum;
  }
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
