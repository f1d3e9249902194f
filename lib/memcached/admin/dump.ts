/** `lru_crawler metadump` and `mgdump`: a line for each item, from the least recently used on. */

import type { ItemStore } from '../item-store.js';
import type { Lines } from '../request.js';
import { uriEncoded } from '../watch/uri.js';
import { adminStateOf } from './admin-state.js';
import { expiresAtSeconds, isBinaryKey, usedAtSeconds } from './item-facts.js';
import { pieces } from './pieces.js';
import { itemBytesAt, type WalkedItem, walkAllItems } from './walk.js';

interface DumpFormat {
  /** Where dumps are forbidden. */
  readonly refusal: string;
  readonly end: string;
  line(items: ItemStore, item: WalkedItem): string;
}

const METADUMP: DumpFormat = {
  refusal: 'ERROR metadump not allowed\r\n',
  end: 'END\r\n',
  line(items, item) {
    const { entries } = items;
    const { key, entry } = item;
    return (
      `key=${uriEncoded(key)} exp=${expiresAtSeconds(items, entry) ?? -1} la=${usedAtSeconds(items, entry)} ` +
      `cas=${items.casIdAt(entry)} fetch=${entries.fetchedAt(entry) ? 'yes' : 'no'} cls=1 ` +
      `size=${itemBytesAt(items, item)} flags=${entries.flagsAt(entry)} \n`
    );
  },
};

const MGDUMP: DumpFormat = {
  refusal: 'ERROR key dump not allowed\r\n',
  end: 'EN\r\n',
  line(items, item) {
    return isBinaryKey(items, item)
      ? `mg ${Buffer.from(item.key, 'latin1').toString('base64')} b\r\n`
      : `mg ${item.key}\r\n`;
  },
};

export const DUMP_FORMATS: ReadonlyMap<string, DumpFormat> = new Map([
  ['metadump', METADUMP],
  ['mgdump', MGDUMP],
]);

/** `hasItems` is false for classes that hold none. */
export function dump(items: ItemStore, format: DumpFormat, hasItems: boolean): Lines {
  // From now on, and not from when the first piece is asked for: there is to be one at a time.
  const end = adminStateOf(items).crawler.begin();
  const made = pieces(dumpLines(items, format, hasItems));
  return {
    next() {
      const step = made.next();
      if (step.done === true) end();
      return step;
    },
    return() {
      end();
      return made.return();
    },
  };
}

function* dumpLines(
  items: ItemStore,
  format: DumpFormat,
  hasItems: boolean,
): Generator<string | null, void, undefined> {
  yield 'OK\r\n';
  if (hasItems) for (const item of walkAllItems(items)) yield item === null ? null : format.line(items, item);
  yield format.end;
}
