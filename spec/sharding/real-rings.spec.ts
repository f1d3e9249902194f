/** The same 10,000 keys on the same servers as the real libmemcached and the real twemproxy; both make the vectors. */

import { describe, expect, it } from 'vitest';
import { nutcrackerTool, phpTool } from '../support/external-tool.js';
import { keysOf, LIBMEMCACHED_FLEETS, placesOf, TWEMPROXY_FLEETS, vectorsText } from './fleets.js';
import { libmemcachedPlaces, twemproxyPlaces } from './real-rings.js';

// Elsewhere C's `char` may have no sign, and other clients disagree about bytes from 128 on.
const KEYS = keysOf(10_000).filter((key) => process.arch === 'x64' || /^[!-~]+$/.test(key));
const php = phpTool();

describe.skipIf(php.missing)(`libmemcached, by php-memcached${php.hint}`, () => {
  const places: string[][] = [];

  it.each(LIBMEMCACHED_FLEETS)('$name: finds 10,000 keys on the same servers', async (fleet) => {
    places.push(await libmemcachedPlaces(fleet, KEYS));
    expect(placesOf(fleet, KEYS)).toEqual(places.at(-1));
  });

  it.runIf(process.arch === 'x64')('is what made the vectors', async () => {
    await expect(vectorsText(LIBMEMCACHED_FLEETS, KEYS, places)).toMatchFileSnapshot(
      'vectors/libmemcached.jsonl',
    );
  });
});

const nutcracker = nutcrackerTool();

describe.skipIf(nutcracker.missing)(`twemproxy${nutcracker.hint}`, () => {
  it('finds 10,000 keys on the same servers, and is what made the vectors', async () => {
    const places = await twemproxyPlaces(TWEMPROXY_FLEETS, KEYS);
    for (const [i, fleet] of TWEMPROXY_FLEETS.entries())
      expect(placesOf(fleet, KEYS), fleet.name).toEqual(places[i]);
    if (process.arch !== 'x64') return;
    await expect(vectorsText(TWEMPROXY_FLEETS, KEYS, places)).toMatchFileSnapshot('vectors/twemproxy.jsonl');
  });
});
