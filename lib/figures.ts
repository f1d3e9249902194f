/** Figures of statistics as metrics systems report them: one table for all of these. */

/** Reads one value; `undefined` where there is none. */
export type ReadFigure<Stats> = (stats: Stats) => number | undefined;

/** A metric. */
export interface Figure<Stats> {
  /** `amount`: a gauge whose values of several processes add up. */
  readonly kind: 'counter' | 'amount' | 'gauge';
  /** Words between dots: `loading.requests` is `hotset.loading.requests`, and `hotset_loading_requests_total` for Prometheus. */
  readonly name: string;
  /** The same for Prometheus, where it is another. */
  readonly prometheusName?: string;
  /** As OpenTelemetry writes it: `s`, `By`, `{key}`. */
  readonly unit: string;
  readonly help: string;
  /** The value, or one for each value of a label. */
  readonly read: ReadFigure<Stats> | ByLabel<Stats>;
  /** How often something of `read` seconds happened: Prometheus then has a summary. */
  readonly count?: ReadFigure<Stats>;
}

/** A value for each value of a label. */
export interface ByLabel<Stats> {
  /** For Prometheus. */
  readonly label: string;
  /** For OpenTelemetry. */
  readonly attribute: string;
  readonly reads: Readonly<Record<string, ReadFigure<Stats>>>;
}
