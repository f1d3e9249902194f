/** The statistics of a LoadingCache as metrics. */

import type { Figure } from '../figures.js';
import type { LoadingStats } from './stats.js';

const MS_PER_SECOND = 1000;

export const LOADING_FIGURES: readonly Figure<LoadingStats>[] = [
  {
    kind: 'counter',
    name: 'loading.requests',
    unit: '{key}',
    help: 'Requested keys by result; each request counts once.',
    read: {
      label: 'result',
      attribute: 'hotset.request.result',
      reads: {
        hit: ({ hits }) => hits,
        stale_hit: ({ staleHits }) => staleHits,
        negative_hit: ({ negativeHits }) => negativeHits,
        join: ({ joins }) => joins,
        load: ({ loads }) => loads,
        refusal: ({ refusals }) => refusals,
        skip: ({ skips }) => skips,
      },
    },
  },
  {
    kind: 'counter',
    name: 'loading.refreshes',
    unit: '{key}',
    help: 'Background refreshes started.',
    read: ({ refreshes }) => refreshes,
  },
  {
    kind: 'counter',
    name: 'loading.loads',
    prometheusName: 'loading.ends',
    unit: '{load}',
    help: 'Loads that ended, by result.',
    read: {
      label: 'result',
      attribute: 'hotset.load.result',
      reads: {
        loaded: ({ loaded }) => loaded,
        not_found: ({ notFound }) => notFound,
        failure: ({ failures }) => failures,
        timeout: ({ timeouts }) => timeouts,
        abort: ({ aborts }) => aborts,
      },
    },
  },
  {
    kind: 'counter',
    name: 'loading.duration',
    unit: 's',
    help: 'Duration of loads that ended, with any result.',
    read: ({ loadMsTotal }) => loadMsTotal / MS_PER_SECOND,
    count: ({ loaded, notFound, failures, timeouts, aborts }) =>
      loaded + notFound + failures + timeouts + aborts,
  },
  {
    kind: 'gauge',
    name: 'loading.longest',
    unit: 's',
    help: 'Duration of the longest load.',
    read: ({ loadMsMax }) => loadMsMax / MS_PER_SECOND,
  },
  {
    kind: 'amount',
    name: 'loading.in_flight',
    unit: '{key}',
    help: 'Keys that are being loaded.',
    read: ({ inFlight }) => inFlight,
  },
  {
    kind: 'counter',
    name: 'loading.discards',
    unit: '{key}',
    help: 'Loaded values that were not stored.',
    read: ({ discards }) => discards,
  },
  {
    kind: 'counter',
    name: 'loading.stale_fallbacks',
    unit: '{key}',
    help: 'Callers who got a stale value after a failure or a timeout.',
    read: ({ staleFallbacks }) => staleFallbacks,
  },
  {
    kind: 'counter',
    name: 'loading.gave_up',
    unit: '{call}',
    help: 'Callers who stopped waiting, by reason.',
    read: {
      label: 'reason',
      attribute: 'hotset.give_up.reason',
      reads: {
        abort: ({ callerAborts }) => callerAborts,
        timeout: ({ callerTimeouts }) => callerTimeouts,
      },
    },
  },
];
