/**
 * A strict reader of Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/):
 * throws at the first thing that the format forbids, or that a good server would not do.
 */

export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ExposedFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
  readonly samples: readonly ExposedSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\\\\\|\\\\n)+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\\\|\\"|\\n)*)"(?:,(?=[a-zA-Z_])|$)/;
/** Go's ParseFloat looks at no case, and prom-client counts on it. */
const NUMBER = /^(?:[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Na[Nn]|[+-]Inf)$/;

const SUFFIXES: Readonly<Record<ExposedFamily['type'], readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** The families by name, in their order. */
export function readExposition(text: string): Map<string, ExposedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ExposedFamily & { samples: ExposedSample[] }>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | null = null;
  let current: (ExposedFamily & { samples: ExposedSample[] }) | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const helped = HELP.exec(line);
    const typed = TYPE.exec(line);
    if (helped !== null) {
      if (help !== null) throw new Error(`two HELP lines: ${line}`);
      help = { name: helped[1]!, text: helped[2]! };
    } else if (typed !== null) {
      const [, name, type] = typed as unknown as [string, string, ExposedFamily['type']];
      if (help?.name !== name) throw new Error(`a TYPE line without its HELP line: ${line}`);
      if (families.has(name)) throw new Error(`a second group of ${name}`);
      current = { name, type, help: help.text, samples: [] };
      families.set(name, current);
      help = null;
    } else {
      if (help !== null) throw new Error(`a HELP line without its TYPE line: ${help.name}`);
      const sample = readSample(line);
      const { name } = sample;
      if (current === null || !SUFFIXES[current.type].some((suffix) => name === current!.name + suffix))
        throw new Error(`not among the samples of its family: ${line}`);
      const identity = JSON.stringify([name, Object.entries(sample.labels).sort()]);
      if (seen.has(identity)) throw new Error(`the same sample twice: ${line}`);
      seen.add(identity);
      current.samples.push(sample);
    }
  }
  if (help !== null) throw new Error(`a HELP line without its TYPE line: ${help.name}`);
  for (const family of families.values()) checkFamily(family);
  return families;
}

function readSample(line: string): ExposedSample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`neither a comment nor a sample: ${line}`);
  const [, name, list = '', value] = match;
  const labels: Record<string, string> = {};
  for (let rest = list; rest !== ''; ) {
    const label = LABEL.exec(rest);
    if (label === null) throw new Error(`bad labels: ${line}`);
    if (Object.hasOwn(labels, label[1]!)) throw new Error(`a label twice: ${line}`);
    labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_all, escaped) => (escaped === 'n' ? '\n' : escaped));
    rest = rest.slice(label[0].length);
  }
  return { name: name!, labels, value: readNumber(value!, line) };
}

function readNumber(text: string, line: string): number {
  if (!NUMBER.test(text)) throw new Error(`not a number: ${line}`);
  return Number(text.replace('Inf', 'Infinity'));
}

function checkFamily(family: ExposedFamily): void {
  const { name, type, samples } = family;
  if (type === 'counter') {
    for (const { value } of samples)
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) throw new Error(`${name} counts to ${value}`);
  }
  if (type === 'histogram' || type === 'summary') checkGroups(family);
}

/** Each set of labels of a histogram or a summary is whole. */
function checkGroups({ name, type, samples }: ExposedFamily): void {
  const groups = new Map<string, ExposedSample[]>();
  for (const sample of samples) {
    const { le, quantile, ...others } = sample.labels;
    const labels = JSON.stringify(Object.entries(others).sort());
    groups.set(labels, [...(groups.get(labels) ?? []), sample]);
  }
  for (const [labels, group] of groups) {
    const one = (suffix: string): number => {
      const found = group.filter((sample) => sample.name === name + suffix);
      if (found.length !== 1) throw new Error(`${found.length} samples ${name}${suffix} for ${labels}`);
      return found[0]!.value;
    };
    const count = one('_count');
    one('_sum');
    if (type === 'summary') continue;
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le = '' } }) => readNumber(le, `${name}_bucket, le="${le}"`));
    const rises = (numbers: readonly number[], strictly: boolean): boolean =>
      numbers.every((n, i) => i === 0 || (strictly ? n > numbers[i - 1]! : n >= numbers[i - 1]!));
    if (!rises(bounds, true) || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`the bounds of ${name} do not rise to +Inf: ${bounds}`);
    const counts = buckets.map(({ value }) => value);
    if (!rises(counts, false) || counts.at(-1) !== count)
      throw new Error(`the buckets of ${name} do not rise to ${count}: ${counts}`);
  }
}
