/**
 * The miss-ratio curve: what hit ratio other sizes would have, where the cache stands, and what twice the memory or another policy
 * would buy. Drawn as SVG, whose colours are the style sheet's.
 */

import type { CurvePoint, MissRatioCurve } from '../client/index.js';
import { create, createPanel, setText } from './dom.js';
import { bytes, count, percent } from './format.js';

const NONE =
  'No curve is kept here. An engine of a service keeps one with the option missRatioCurve: true; the hotset command does with --http and one thread.';
/** An estimate from fewer would say next to nothing. */
const MIN_READS = 1000;
const HEIGHT = 190;
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 14, 12, 22];
const OCTAVES = 4;
const NAMESPACE = 'http://www.w3.org/2000/svg';

export interface CurvePanel {
  readonly element: HTMLElement;
  /** `undefined`: the server keeps none. */
  show(curve: MissRatioCurve | undefined): void;
  showError(message: string): void;
}

export function createCurvePanel(): CurvePanel {
  const lead = create('p', 'lead');
  const drawing = create('div', 'plot');
  const policies = create('ul', 'policies');
  const facts = create('p', 'note', '…');
  const element = createPanel('What more memory would buy', lead, drawing, policies, facts);
  element.id = 'curve';
  const time = create('span', 'time');
  element.querySelector('h2')!.append(time);
  let shown: MissRatioCurve | null = null;
  let scale: Scale | null = null;
  const draw = (): void => {
    if (shown === null || drawing.clientWidth === 0) return;
    scale = scaleFor(shown, drawing.clientWidth);
    drawing.replaceChildren(drawingOf(shown, scale));
  };
  const showText = (text: string): void => {
    shown = null;
    setText(lead, '');
    setText(facts, text);
    for (const part of [lead, drawing, policies]) part.hidden = true;
  };
  new ResizeObserver(draw).observe(drawing);
  drawing.addEventListener('pointermove', ({ offsetX }) => {
    if (shown === null || scale === null) return;
    const factor = scale.factorAt(offsetX);
    const { size, hitRatio } = nearest(shown.points, factor);
    setText(time, `${sizeText(shown, size)}: ${percent(hitRatio)}`);
  });
  drawing.addEventListener('pointerleave', () => setText(time, ''));
  showText('…');
  return {
    element,
    show(curve) {
      if (curve === undefined) return showText(NONE);
      if (curve.sampledReads < MIN_READS)
        return showText(`Estimating: ${count(curve.sampledReads)} reads are sampled so far.`);
      for (const part of [lead, drawing, policies]) part.hidden = false;
      shown = curve;
      setText(lead, curve.summary);
      policies.replaceChildren(...policyRows(curve));
      setText(facts, factsOf(curve));
      element.dataset.sampledReads = String(curve.sampledReads);
      draw();
    },
    showError: showText,
  };
}

function sizeText({ unit }: MissRatioCurve, size: number): string {
  return unit === 'bytes' ? bytes(size) : count(size);
}

function factsOf(curve: MissRatioCurve): string {
  const { workingSet, sizeFor99, sampledReads, sampledKeys } = curve;
  return (
    `Working set ${sizeText(curve, workingSet)}; 99 % of all hits that are to be had with ${sizeText(curve, sizeFor99)}. ` +
    `Estimated from ${count(sampledReads)} reads of ${count(sampledKeys)} sampled keys.`
  );
}

/** Each policy at the present size, the best first. */
function policyRows({ policies, policy: own }: MissRatioCurve): HTMLElement[] {
  const rows = Object.entries(policies).sort(([, a], [, b]) => b - a);
  return rows.map(([name, hitRatio]) => {
    const bar = create('span', 'bar');
    bar.style.width = `${hitRatio * 100}%`;
    const label = create('span', 'label', name === own ? `${name}, in use` : name);
    return create(
      'li',
      name === own ? 'own' : '',
      label,
      create('span', 'rail', bar),
      create('span', 'numbers', percent(hitRatio)),
    );
  });
}

interface Scale {
  readonly width: number;
  x(factor: number): number;
  y(hitRatio: number): number;
  factorAt(x: number): number;
  readonly low: number;
}

/** Sizes by octaves; hit ratios from the quarter below the lowest. */
function scaleFor({ points, factors }: MissRatioCurve, width: number): Scale {
  const least = Math.min(...[...points, ...factors].map(({ hitRatio }) => hitRatio));
  const low = Math.max(0, Math.min(0.75, Math.floor(least * 4) / 4));
  const inner = width - LEFT - RIGHT;
  return {
    width,
    low,
    x: (factor) => LEFT + ((Math.log2(factor) + OCTAVES) / (2 * OCTAVES)) * inner,
    y: (ratio) => TOP + ((1 - ratio) / (1 - low)) * (HEIGHT - TOP - BOTTOM),
    factorAt: (x) => 2 ** (((x - LEFT) / inner) * 2 * OCTAVES - OCTAVES),
  };
}

function drawingOf(curve: MissRatioCurve, scale: Scale): SVGElement {
  const { width, low, x, y } = scale;
  const { points, factors, policy, hitRatio, workingSet, size } = curve;
  const bottom = y(low);
  const parts: SVGElement[] = [];
  const ratios = [0, 0.25, 0.5, 0.75, 1].filter((ratio) => ratio >= low);
  for (const ratio of low === 0.75 ? [0.75, 0.8, 0.85, 0.9, 0.95, 1] : ratios)
    parts.push(
      svg('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(ratio), y2: y(ratio) }),
      text(LEFT - 6, y(ratio) + 4, 'end', `${Math.round(ratio * 100)}\u00a0%`),
    );
  for (let octave = -OCTAVES; octave <= OCTAVES; octave += width < 420 ? OCTAVES : 2) {
    const anchor = octave === -OCTAVES ? 'start' : octave === OCTAVES ? 'end' : 'middle';
    parts.push(text(x(2 ** octave), HEIGHT - 5, anchor, sizeText(curve, size * 2 ** octave)));
  }
  const setAt = workingSet / size;
  if (setAt > 2 ** -OCTAVES && setAt < 2 ** OCTAVES)
    parts.push(
      svg('line', { class: 'mark-line', x1: x(setAt), x2: x(setAt), y1: TOP, y2: bottom }),
      setAt > 4
        ? text(x(setAt) - 5, bottom - 6, 'end', 'working set')
        : text(x(setAt) + 5, bottom - 6, 'start', 'working set'),
    );
  const line = pathOf(points, scale);
  parts.push(
    svg('path', { class: 'area', d: `${line}V${bottom}H${x(points[0]!.factor)}Z` }),
    svg('path', { class: 'curve', d: line }),
  );
  // Under another policy than LRU there are five sizes.
  if (policy !== 'lru') parts.push(svg('path', { class: 'curve own', d: pathOf(factors, scale) }));
  const dot = policy === 'lru' ? 'dot' : 'dot own';
  const doubled = factors.find(({ factor }) => Math.abs(factor - 2) < 0.01);
  if (doubled !== undefined)
    parts.push(svg('circle', { class: `${dot} other`, cx: x(2), cy: y(doubled.hitRatio), r: 4 }));
  parts.push(
    svg('line', { class: 'here', x1: x(1), x2: x(1), y1: y(hitRatio), y2: bottom }),
    svg('circle', { class: dot, cx: x(1), cy: y(hitRatio), r: 5 }),
  );
  const drawing = svg('svg', {
    width,
    height: HEIGHT,
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: 'img',
    'aria-label': `Hit ratio by size: ${percent(hitRatio)} now, with ${sizeText(curve, size)}`,
  });
  const here = text(x(1) - 8, y(hitRatio) - 8, 'end', `now ${percent(hitRatio)}`);
  here.classList.add('strong');
  drawing.append(...parts, here);
  if (doubled !== undefined) {
    const label = text(x(2) + 6, y(doubled.hitRatio) + 18, 'start', `twice ${percent(doubled.hitRatio)}`);
    label.classList.add('strong');
    drawing.append(label);
  }
  return drawing;
}

function pathOf(points: readonly CurvePoint[], { x, y }: Scale): string {
  return points
    .map(
      ({ factor, hitRatio }, i) => `${i === 0 ? 'M' : 'L'}${x(factor).toFixed(1)} ${y(hitRatio).toFixed(1)}`,
    )
    .join('');
}

function nearest(points: readonly CurvePoint[], factor: number): CurvePoint {
  const distance = (point: CurvePoint): number => Math.abs(Math.log2(point.factor / factor));
  return points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
}

function text(x: number, y: number, anchor: 'start' | 'middle' | 'end', content: string): SVGElement {
  const made = svg('text', { x, y, 'text-anchor': anchor });
  made.textContent = content;
  return made;
}

function svg(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(NAMESPACE, name) as SVGElement;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  return made;
}
