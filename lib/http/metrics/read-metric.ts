/**
 * A prom-client metric whose values are counted elsewhere and read at each scrape. prom-client's own classes count
 * themselves, and a Histogram cannot be set. A register uses no other members of a metric than these.
 */

import type { Metric, Registry } from 'prom-client';
import { invalidOption } from '../../errors.js';
import type { Family, FamilyType, Sample } from './family.js';

/** Names and values of labels. */
export type Labels = Readonly<Record<string, string>>;

/** As a register takes it and `getMetricsAsJSON` returns it. */
interface Value {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

interface Part {
  readonly labels: Labels;
  readonly samples: () => readonly Sample[];
}

export class ReadMetric {
  /** Mutable: a register for OpenMetrics removes `_total`. */
  name: string;
  readonly help: string;
  readonly type: FamilyType;
  readonly aggregator = 'sum';
  readonly #parts = new Set<Part>();

  constructor({ name, help, type }: Family<never>) {
    this.name = name;
    this.help = help;
    this.type = type;
  }

  add(part: Part): void {
    this.#parts.add(part);
  }

  /** Returns whether no parts are left. */
  remove(part: Part): boolean {
    this.#parts.delete(part);
    return this.#parts.size === 0;
  }

  hasLabels(labels: Labels): boolean {
    return [...this.#parts].some((part) => sameLabels(part.labels, labels));
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = [...this.#parts].flatMap(({ labels, samples }) =>
      samples().map(
        (sample): Value => ({
          value: sample.value,
          labels: { ...labels, ...sample.labels },
          ...(sample.suffix === undefined ? {} : { metricName: name + sample.suffix }),
        }),
      ),
    );
    return { name, help, type, aggregator, values };
  }

  /** The values are counted elsewhere. */
  reset(): void {}
}

/**
 * Adds a family, read from `source`, to a register, where families of the same name may have other labels. Returns a
 * function that removes it. Throws `HOTSET_INVALID_OPTION` where the name, or the name with these labels, is taken.
 */
export function addToRegister<Source>(
  register: Registry,
  family: Family<Source>,
  source: () => Source,
  labels: Labels,
): () => void {
  const known: unknown = register.getSingleMetric(family.name);
  if (known !== undefined && !(known instanceof ReadMetric && !known.hasLabels(labels)))
    throw invalidOption(
      'register',
      `a register without ${family.name} of these labels; see the options labels and prefix`,
      register,
    );
  const metric = known instanceof ReadMetric ? known : new ReadMetric(family);
  // A register uses none of the other members of prom-client's type.
  if (known === undefined) register.registerMetric(metric as unknown as Metric);
  const part: Part = { labels, samples: () => family.samples(source()) };
  metric.add(part);
  return () => {
    if (metric.remove(part)) register.removeSingleMetric(family.name);
  };
}

function sameLabels(some: Labels, others: Labels): boolean {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name]);
}
