/** What a LoadingCache counts. */

import type { LoadingStats } from '../../loading/stats.js';
import { counter, counterBy, type Family, gauge } from './family.js';

const MS_PER_SECOND = 1000;

export const LOADING_FAMILIES: readonly Family<LoadingStats>[] = [
  counterBy(
    'result',
    'hotset_loading_requests_total',
    'Keys asked for, by what became of it: each is counted once.',
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
  counter('hotset_loading_refreshes_total', 'Loads started in the background.', ({ refreshes }) => refreshes),
  counterBy('result', 'hotset_loading_ends_total', 'Loads that have ended, by how.', {
    loaded: ({ loaded }) => loaded,
    not_found: ({ notFound }) => notFound,
    failure: ({ failures }) => failures,
    timeout: ({ timeouts }) => timeouts,
    abort: ({ aborts }) => aborts,
  }),
  {
    name: 'hotset_loading_duration_seconds',
    type: 'summary',
    help: 'How long loads took that have ended, in any way.',
    samples: ({ loadMsTotal, loaded, notFound, failures, timeouts, aborts }) => [
      { suffix: '_sum', value: loadMsTotal / MS_PER_SECOND },
      { suffix: '_count', value: loaded + notFound + failures + timeouts + aborts },
    ],
  },
  gauge(
    'hotset_loading_longest_seconds',
    'The longest load so far.',
    ({ loadMsMax }) => loadMsMax / MS_PER_SECOND,
  ),
  gauge('hotset_loading_in_flight', 'Keys being loaded now.', ({ inFlight }) => inFlight),
  counter('hotset_loading_discards_total', 'Loaded values that were not stored.', ({ discards }) => discards),
  counter(
    'hotset_loading_stale_fallbacks_total',
    'Waits that ended with an old value after a failure or a timeout.',
    ({ staleFallbacks }) => staleFallbacks,
  ),
  counterBy('reason', 'hotset_loading_gave_up_total', 'Callers who stopped waiting, by the reason.', {
    abort: ({ callerAborts }) => callerAborts,
    timeout: ({ callerTimeouts }) => callerTimeouts,
  }),
];
