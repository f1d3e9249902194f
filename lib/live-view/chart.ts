/**
 * A chart over the last minutes, an hour at most: uPlot draws the lines, the legend above them is ours, so that it shows the
 * newest values while no pointer is over the chart. Colours come from the style sheet, through the legend's marks.
 */

import uPlot from 'uplot';
import { create, setText } from './dom.js';
import { AXIS_UNITS, type ChartFigure, UNITS } from './figures.js';
import { timeOfDay } from './format.js';
import { History } from './history.js';
import type { Reading } from './readings.js';

const SPAN_SECONDS = 3600;
/** So that the first points of a new page do not fill the whole width. */
const MIN_SPAN_SECONDS = 60;
const HEIGHT_PX = 168;
const AXIS_WIDTH_PX = 62;
const FONT = '11px system-ui, sans-serif';

/** Steps of the value axis: fractions of a KiB are hard to read. */
const BYTE_STEPS: number[] = Array.from({ length: 50 }, (_, power) => 2 ** power);
const COUNT_STEPS: number[] = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();
const RATIO_MARKS: readonly number[] = [0, 0.25, 0.5, 0.75, 1];
/** The minimum end of the value axis. */
const MIN_AXIS_TOP: Readonly<Record<ChartFigure['unit'], number>> = {
  ratio: 1,
  bytes: 1024,
  rate: 4,
  byteRate: 1024,
  count: 4,
  ms: 10,
};

export class Chart {
  /** A panel of the page's grid. */
  readonly element: HTMLElement;
  readonly #figure: ChartFigure;
  readonly #history: History;
  readonly #marks: readonly HTMLElement[];
  readonly #values: readonly HTMLElement[];
  readonly #time: HTMLElement = create('span', 'time');
  readonly #plot: uPlot;
  #shownSeconds = SPAN_SECONDS;

  constructor(figure: ChartFigure) {
    this.#figure = figure;
    this.#history = new History(figure.lines.length, SPAN_SECONDS);
    this.#marks = figure.lines.map(({ isLimit }, i) =>
      create('span', isLimit ? 'mark limit' : `mark line-${i + 1}`),
    );
    this.#values = figure.lines.map(() => create('span', 'value'));
    const legend = create(
      'ul',
      'legend',
      ...figure.lines.map(({ label }, i) => create('li', '', this.#marks[i]!, `${label} `, this.#values[i]!)),
    );
    const canvas = create('div', 'plot');
    canvas.setAttribute('aria-hidden', 'true');
    this.element = create(
      'section',
      'panel chart',
      create('h2', '', figure.title, this.#time),
      legend,
      canvas,
    );
    this.element.setAttribute('aria-label', `${figure.title}, over time`);
    this.#plot = new uPlot(this.#options(), this.#history.columns, canvas);
    new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = canvas;
      if (width > 0) this.#plot.setSize({ width, height: Math.max(height, HEIGHT_PX) });
    }).observe(canvas);
  }

  /** How much of the past is shown. */
  set shownSeconds(seconds: number) {
    this.#shownSeconds = seconds;
    this.#plot.setData(this.#history.columns);
  }

  /** Draws further points. */
  add(...readings: readonly Reading[]): void {
    for (const reading of readings) {
      const values = this.#figure.lines.map((line) => line.value(reading));
      this.#history.add(reading.atMs / 1000, values, reading.isFirst);
    }
    this.#plot.setData(this.#history.columns);
    this.element.dataset.points = String(this.#history.length);
    this.#showValues();
  }

  /** Draws again after a change of colours. */
  redraw(): void {
    this.#plot.redraw(false, true);
  }

  /** Shows the values at the cursor, or the newest. */
  #showValues(): void {
    const { idx } = this.#plot.cursor;
    const [times, ...columns] = this.#history.columns;
    const at = idx ?? times.length - 1;
    for (const [i, value] of this.#values.entries())
      setText(value, UNITS[this.#figure.unit](columns[i]![at] ?? null));
    setText(this.#time, idx == null ? '' : timeOfDay(times[idx]!, true));
  }

  #options(): uPlot.Options {
    const { unit, lines } = this.#figure;
    const text = (): string => getComputedStyle(this.element.querySelector('.legend')!).color;
    const grid = { width: 1, stroke: () => getComputedStyle(this.element).borderTopColor };
    const colour = (i: number) => () => getComputedStyle(this.#marks[i]!).backgroundColor;
    return {
      width: 300,
      height: HEIGHT_PX,
      padding: [10, null, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'time' },
        drag: { x: false, y: false },
        y: false,
        points: { size: 6, fill: (_, series) => colour(series - 1)() },
      },
      hooks: { setCursor: [() => this.#showValues()] },
      scales: {
        x: { time: true, range: () => this.#history.range(MIN_SPAN_SECONDS, this.#shownSeconds) },
        y: {
          range: (_, __, max) => [0, unit === 'ratio' ? 1 : Math.max(MIN_AXIS_TOP[unit], (max ?? 0) * 1.08)],
        },
      },
      axes: [
        {
          stroke: text,
          font: FONT,
          grid: { show: false },
          ticks: { show: false },
          size: 26,
          gap: 8,
          space: 64,
          values: (_, splits, __, ___, step) =>
            splits.map((split) => (this.#history.length === 0 ? '' : timeOfDay(split, step < 60))),
        },
        {
          stroke: text,
          font: FONT,
          grid,
          ticks: { show: false },
          size: AXIS_WIDTH_PX,
          gap: 6,
          space: 28,
          incrs: unit === 'bytes' || unit === 'byteRate' ? BYTE_STEPS : COUNT_STEPS,
          ...(unit === 'ratio' && { splits: [...RATIO_MARKS] }),
          values: (_, splits) => splits.map((split) => AXIS_UNITS[unit](split)),
        },
      ],
      series: [
        {},
        ...lines.map(({ isLimit, isArea }, i) => ({
          stroke: colour(i),
          width: isLimit ? 1 : 1.5,
          points: { show: false },
          ...(isLimit && { dash: [5, 4] }),
          ...(isArea && { fill: () => `color-mix(in srgb, ${colour(i)()} 14%, transparent)` }),
        })),
      ],
    };
  }
}
