/** From values to places on an axis, and the values to label there. */

export function linearScale(most, length) {
  const step = niceStep(most);
  return {
    at: (value) => (Math.min(value, most) / most) * length,
    ticks: Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step),
    most,
  };
}

export function logScale(least, most, length, { everyStep = false } = {}) {
  const low = Math.log10(least);
  const span = Math.log10(most) - low;
  const ticks = [];
  for (let decade = Math.floor(low); decade <= Math.ceil(low + span); decade++)
    for (const factor of everyStep ? [1, 2, 5] : [1]) {
      const tick = Number((factor * 10 ** decade).toPrecision(3));
      if (tick >= least * 0.999 && tick <= most * 1.001) ticks.push(tick);
    }
  return {
    at: (value) => ((Math.log10(Math.min(most, Math.max(least, value))) - low) / span) * length,
    ticks,
    most,
  };
}

/** At most five steps of 1, 2 or 5. */
function niceStep(most) {
  const rough = most / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * decade).find((step) => step >= rough) ?? 10 * decade;
}
