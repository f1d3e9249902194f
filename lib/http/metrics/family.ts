/** A metric family: its name and help, and how its samples are read from a source. */

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Appended to the family's name: histograms and summaries have several kinds of samples. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface Family<Source> {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  /** Empty where the source has no value. */
  readonly samples: (source: Source) => readonly Sample[];
}

/** Reads one value; `undefined` where the source has none. */
export type Read<Source> = (source: Source) => number | undefined;

export function counter<Source>(name: string, help: string, read: Read<Source>): Family<Source> {
  return { name, type: 'counter', help, samples: (source) => sampleOf(read(source)) };
}

export function gauge<Source>(name: string, help: string, read: Read<Source>): Family<Source> {
  return { name, type: 'gauge', help, samples: (source) => sampleOf(read(source)) };
}

/** A counter with a sample for each value of one label. */
export function counterBy<Source>(
  label: string,
  name: string,
  help: string,
  reads: Readonly<Record<string, Read<Source>>>,
): Family<Source> {
  const samples = (source: Source): Sample[] =>
    Object.entries(reads).flatMap(([value, read]) =>
      sampleOf(read(source)).map((sample) => ({ ...sample, labels: { [label]: value } })),
    );
  return { name, type: 'counter', help, samples };
}

function sampleOf(value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ value }];
}
