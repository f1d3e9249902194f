/**
 * What a contender does while it is measured, in words that the tables share.
 *
 * Each contender exports `features`, a record with these names and one of three values:
 * 'on'   it does this, and is measured doing it
 * 'off'  the library can do it, but it is not switched on in this contender
 * 'no'   the library cannot
 */

export const FEATURES = {
  entryLimit: { letter: 'N', title: 'entry limit', means: 'never holds more entries than its limit' },
  byteBudget: { letter: 'B', title: 'size budget', means: 'never holds more than a sum of sizes' },
  ownSizes: { letter: 'W', title: 'weighs values', means: 'finds out itself what a value weighs' },
  ttl: { letter: 'T', title: 'TTL', means: 'entries expire' },
  perEntryTtl: { letter: 'P', title: 'TTL per entry', means: 'each entry may have a time of its own' },
  exactExpiry: {
    letter: 'X',
    title: 'exact expiry',
    means:
      'a read never returns an entry whose time has passed, not even within one piece of synchronous work',
  },
  delete: { letter: 'D', title: 'delete', means: 'an entry can be removed by its key' },
  anyKey: { letter: 'K', title: 'any key', means: 'keys of all types, kept apart as a Map keeps them' },
  noTimers: { letter: 'C', title: 'no timers', means: 'starts no timers of its own' },
};

/** What most LRU libraries do, and nothing beyond it: contenders say where they differ. */
export const PLAIN_LRU = {
  entryLimit: 'on',
  byteBudget: 'no',
  ownSizes: 'no',
  ttl: 'no',
  perEntryTtl: 'no',
  exactExpiry: 'no',
  delete: 'on',
  anyKey: 'on',
  noTimers: 'on',
};

export const LRU_LETTER = 'L';

/** What a contender does not do while it is measured, as letters: `L` is exact LRU, the rest stand above. */
export function lacks({ exactLru, features }) {
  const missing = Object.keys(FEATURES).filter((name) => features[name] !== 'on');
  return `${exactLru ? '' : LRU_LETTER}${missing.map((name) => FEATURES[name].letter).join('')}`;
}

/** Behind a contender's name wherever its figure stands: `~` not exact LRU, `+` keeps everything. */
export function marked(name, { exactLru, unbounded }) {
  if (unbounded) return `${name} +`;
  return exactLru ? name : `${name} ~`;
}

export const MARKS =
  '~ not exact LRU: its hits are not comparable. + keeps everything: it has no bound, and evicts nothing.';

export const LETTERS = `Lacks: ${LRU_LETTER} exact LRU, ${Object.values(FEATURES)
  .map(({ letter, title }) => `${letter} ${title}`)
  .join(', ')}.`;
