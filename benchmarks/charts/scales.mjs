/** From values to places on an axis, and the values to label there. */

export function linearScale(max, length) {
  const step = niceStep(max);
  return {
    at: (value) => (Math.min(value, max) / max) * length,
    ticks: Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) => i * step),
    max,
  };
}

export function logScale(min, max, length, { everyStep = false } = {}) {
  const low = Math.log10(min);
  const span = Math.log10(max) - low;
  const ticks = [];
  for (let decade = Math.floor(low); decade <= Math.ceil(low + span); decade++)
    for (const factor of everyStep ? [1, 2, 5] : [1]) {
      const tick = Number((factor * 10 ** decade).toPrecision(3));
      if (tick >= min * 0.999 && tick <= max * 1.001) ticks.push(tick);
    }
  return {
    at: (value) => ((Math.log10(Math.min(max, Math.max(min, value))) - low) / span) * length,
    ticks,
    max,
  };
}

/** At most five steps of 1, 2 or 5. */
function niceStep(max) {
  const rough = max / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= rough) ?? 10 * decade;
}
