/** The statistics of a LoadingCache. */

import type { LoadingStats } from '../../loading/stats.js';
import { counter, counterBy, type Family, gauge } from './family.js';

const MS_PER_SECOND = 1000;

export const LOADING_FAMILIES: readonly Family<LoadingStats>[] = [
  counterBy(
    'result',
    'hotset_loading_requests_total',
    'Requested keys by result; each request counts once.',
    {
      hit: ({ hits }) => hits,
      stale_hit: ({ staleHits }) => staleHits,
      negative_hit: ({ negativeHits }) => negativeHits,
      join: ({ joins }) => joins,
      load: ({ loads }) => loads,
      refusal: ({ refusals }) => refusals,
      skip: ({ skips }) => skips,
    },
  ),
  counter('hotset_loading_refreshes_total', 'Background refreshes started.', ({ refreshes }) => refreshes),
  counterBy('result', 'hotset_loading_ends_total', 'Loads that ended, by result.', {
    loaded: ({ loaded }) => loaded,
    not_found: ({ notFound }) => notFound,
    failure: ({ failures }) => failures,
    timeout: ({ timeouts }) => timeouts,
    abort: ({ aborts }) => aborts,
  }),
  {
    name: 'hotset_loading_duration_seconds',
    type: 'summary',
    help: 'Duration of loads that ended, with any result.',
    samples: ({ loadMsTotal, loaded, notFound, failures, timeouts, aborts }) => [
      { suffix: '_sum', value: loadMsTotal / MS_PER_SECOND },
      { suffix: '_count', value: loaded + notFound + failures + timeouts + aborts },
    ],
  },
  gauge(
    'hotset_loading_longest_seconds',
    'Duration of the longest load.',
    ({ loadMsMax }) => loadMsMax / MS_PER_SECOND,
  ),
  gauge('hotset_loading_in_flight', 'Keys that are being loaded.', ({ inFlight }) => inFlight),
  counter('hotset_loading_discards_total', 'Loaded values that were not stored.', ({ discards }) => discards),
  counter(
    'hotset_loading_stale_fallbacks_total',
    'Callers who got a stale value after a failure or a timeout.',
    ({ staleFallbacks }) => staleFallbacks,
  ),
  counterBy('reason', 'hotset_loading_gave_up_total', 'Callers who stopped waiting, by reason.', {
    abort: ({ callerAborts }) => callerAborts,
    timeout: ({ callerTimeouts }) => callerTimeouts,
  }),
];
