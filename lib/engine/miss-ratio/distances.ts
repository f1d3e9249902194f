/**
 * Histograms of stack distances, and curves of hit ratios, over the same steps: 32 for each doubling, so that a step is
 * 2 to 3 % of a size, and small whole numbers have steps of their own. All that is beyond the last step is one more.
 */

const STEPS_BITS = 5;
/** Of the smallest and the largest size that has a step: 1, and 2^50. */
const MAX_EXPONENT = 50;
export const STEPS: number = MAX_EXPONENT << STEPS_BITS;

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
const HIGH = isLittleEndian ? 1 : 0;
/** Of a double in its upper half: the bits below the steps, and the exponent of 1. */
const SHIFT = 20 - STEPS_BITS;
const FIRST = 1023 << STEPS_BITS;

/** The step that a size lies in. */
export function stepOf(size: number): number {
  double[0] = size;
  const step = (halves[HIGH]! >>> SHIFT) - FIRST;
  return step < 0 ? 0 : step < STEPS ? step : STEPS;
}

/** The smallest size of a step. */
export function sizeOfStep(step: number): number {
  const exponent = step >> STEPS_BITS;
  return 2 ** exponent * (1 + (step & ((1 << STEPS_BITS) - 1)) / (1 << STEPS_BITS));
}

export class Distances {
  /** What has been added, by step. */
  readonly counts: Float64Array = new Float64Array(STEPS + 1);
  /** What has been added, with what no size would have found. */
  total = 0;

  add(distance: number, count: number): void {
    this.counts[stepOf(distance)]! += count;
    this.total += count;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }
}

/** By step, the ratio for a size at its end. */
export type Ratios = Float64Array;

/** The ratio for a size: linear within a step. Distances are whole numbers, so that a size holds those that equal it. */
export function ratioAt(ratios: Ratios, size: number): number {
  if (!(size >= 1)) return 0;
  const step = stepOf(size);
  if (step >= STEPS) return ratios[STEPS - 1]!;
  const before = step === 0 ? 0 : ratios[step - 1]!;
  const start = sizeOfStep(step);
  const part = Math.min((size + 1 - start) / Math.max(sizeOfStep(step + 1) - start, 1), 1);
  return before + (ratios[step]! - before) * part;
}
