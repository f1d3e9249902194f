/** The statistics of a TieredCache as metrics, but for those of its loads (loading/figures.ts) and its engine. */

import type { Figure } from '../figures.js';
import type { TieredStats } from './stats.js';

export const TIERED_FIGURES: readonly Figure<TieredStats>[] = [
  {
    kind: 'counter',
    name: 'tier_one.lookups',
    unit: '{key}',
    help: 'Requested keys by whether the first tier answered.',
    read: {
      label: 'result',
      attribute: 'hotset.lookup.result',
      reads: { hit: ({ tierOne }) => tierOne.hits, miss: ({ tierOne }) => tierOne.misses },
    },
  },
  {
    kind: 'gauge',
    name: 'tier_one.in_use',
    unit: '1',
    help: '1 while the first tier is read, 0 while the link to those who change its keys is lost.',
    read: ({ tierOne }) => Number(tierOne.inUse),
  },
  {
    kind: 'counter',
    name: 'tier_two.lookups',
    unit: '{key}',
    help: 'Keys that the second tier was asked for, by what it had.',
    read: {
      label: 'result',
      attribute: 'hotset.lookup.result',
      reads: {
        hit: ({ tierTwo }) => tierTwo.hits,
        stale_hit: ({ tierTwo }) => tierTwo.staleHits,
        negative_hit: ({ tierTwo }) => tierTwo.negativeHits,
        miss: ({ tierTwo }) => tierTwo.misses,
      },
    },
  },
  {
    kind: 'counter',
    name: 'tier_two.unusable',
    unit: '{key}',
    help: 'Of the misses, entries of the second tier that were there and no answer, by reason.',
    read: {
      label: 'reason',
      attribute: 'hotset.unusable.reason',
      reads: { outdated: ({ tierTwo }) => tierTwo.outdated, damaged: ({ tierTwo }) => tierTwo.damaged },
    },
  },
  {
    kind: 'counter',
    name: 'tier_two.grace_hits',
    unit: '{key}',
    help: 'Keys answered with an expired value of the second tier because the loader failed.',
    read: ({ tierTwo }) => tierTwo.graceHits,
  },
  {
    kind: 'counter',
    name: 'tier_two.requests',
    unit: '{request}',
    help: 'Requests to the second tier by result; those that were skipped were not sent.',
    read: {
      label: 'result',
      attribute: 'hotset.request.result',
      reads: {
        sent: ({ tierTwo: { requests, failures, refusals, timeouts } }) =>
          requests - failures - refusals - timeouts,
        failure: ({ tierTwo }) => tierTwo.failures,
        refusal: ({ tierTwo }) => tierTwo.refusals,
        timeout: ({ tierTwo }) => tierTwo.timeouts,
        skip: ({ tierTwo }) => tierTwo.skips,
      },
    },
  },
  {
    kind: 'gauge',
    name: 'tier_two.available',
    unit: '1',
    help: '1 while the circuit breaker lets requests through to the second tier, else 0.',
    read: ({ tierTwo }) => Number(tierTwo.state === 'closed'),
  },
  {
    kind: 'counter',
    name: 'tier_two.breaker_opens',
    unit: '{time}',
    help: 'Times that the circuit breaker opened.',
    read: ({ tierTwo }) => tierTwo.opens,
  },
  {
    kind: 'counter',
    name: 'tier_two.stores',
    unit: '{key}',
    help: 'Values for the second tier, by what became of them.',
    read: {
      label: 'result',
      attribute: 'hotset.store.result',
      reads: {
        fill: ({ tierTwo }) => tierTwo.fills,
        write: ({ tierTwo }) => tierTwo.writes,
        refused_fill: ({ tierTwo }) => tierTwo.refusedFills,
        unstorable: ({ tierTwo }) => tierTwo.unstorable,
      },
    },
  },
  {
    kind: 'counter',
    name: 'tier_two.read',
    unit: 'By',
    help: 'Bytes of entries read from the second tier.',
    read: ({ tierTwo }) => tierTwo.bytesRead,
  },
  {
    kind: 'counter',
    name: 'tier_two.written',
    unit: 'By',
    help: 'Bytes of entries written to the second tier.',
    read: ({ tierTwo }) => tierTwo.bytesWritten,
  },
  {
    kind: 'counter',
    name: 'tier_two.leases',
    unit: '{lease}',
    help: 'Leases got: loads for all processes.',
    read: ({ tierTwo }) => tierTwo.leases,
  },
  {
    kind: 'counter',
    name: 'tier_two.lease_waits',
    unit: '{key}',
    help: 'Keys that waited for the load of another process.',
    read: ({ tierTwo }) => tierTwo.leaseWaits,
  },
  {
    kind: 'counter',
    name: 'tier_two.lease_timeouts',
    unit: '{key}',
    help: 'Keys that waited for another process in vain, and were loaded here.',
    read: ({ tierTwo }) => tierTwo.leaseTimeouts,
  },
  {
    kind: 'amount',
    name: 'tier_two.repairs',
    unit: '{change}',
    help: 'Changes that the second tier has not acknowledged, and that are tried again.',
    read: ({ tierTwo }) => tierTwo.repairs,
  },
  {
    kind: 'gauge',
    name: 'link.up',
    unit: '1',
    help: '1 while changes of others are reported, else 0. Omitted without a source.',
    read: ({ link }) => (link.source === null ? undefined : Number(link.state === 'up')),
  },
  {
    kind: 'counter',
    name: 'link.disconnects',
    unit: '{time}',
    help: 'Times that the link was lost, or could not be made.',
    read: ({ link }) => link.disconnects,
  },
  {
    kind: 'counter',
    name: 'link.invalidations',
    unit: '{invalidation}',
    help: 'Changes of others that were reported, by what they concern.',
    read: {
      label: 'kind',
      attribute: 'hotset.invalidation.kind',
      reads: {
        key: ({ link }) => link.keysChanged,
        tag: ({ link }) => link.tagsInvalidated,
        all: ({ link }) => link.allChanged,
      },
    },
  },
  {
    kind: 'counter',
    name: 'link.send_failures',
    unit: '{message}',
    help: 'Attempts to tell the others over a bus that failed.',
    read: ({ link }) => link.sendFailures,
  },
  {
    kind: 'amount',
    name: 'link.queued',
    unit: '{change}',
    help: 'Changes that are still to be told over a bus.',
    read: ({ link }) => link.queued,
  },
];
