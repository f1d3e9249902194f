/**
 * `lru`, `slabs` and `extstore`: commands that tune memcached's segmented LRU, its slabs and its disk. There are none
 * here, so their settings are kept and shown (see admin-state.ts), and no slab class has a spare page.
 */

import type { ItemStore } from '../item-store.js';
import type { MemcachedSettings } from './admin-state.js';
import { BAD_FORMAT, ERROR, OK } from './answers.js';
import { decimal, int32, uint32 } from './arguments.js';

/** Changes settings as its arguments say; returns the answer. */
type Setter = (settings: MemcachedSettings, args: readonly string[]) => string;

const HOT_AND_WARM_MAX_PERCENT = 80;
/** memcached's classes with its default growth factor; 0 is its pool of free pages. */
const LARGEST_SLAB_CLASS = 39;
const SLAB_CLASSES = 64;
const AUTOMOVE_LEVEL_MAX = 2;
const WINDOW_MIN_SECONDS = 3;
const WINDOW_MAX_SECONDS = 1800;

export function lru(items: ItemStore, [name, ...args]: readonly string[]): string {
  return LRU_COMMANDS.get(name ?? '')?.(items.admin.settings, args) ?? ERROR;
}

const LRU_COMMANDS: ReadonlyMap<string, Setter> = new Map([
  ['tune', tuneLru],
  ['mode', setLruMode],
  ['temp_ttl', setTemporaryTtl],
]);

function tuneLru(settings: MemcachedSettings, [hot, warm, hotFactor, warmFactor]: readonly string[]): string {
  const hotPercent = uint32(hot);
  const warmPercent = uint32(warm);
  const hotMaxFactor = decimal(hotFactor);
  const warmMaxFactor = decimal(warmFactor);
  if (
    hotPercent === undefined ||
    warmPercent === undefined ||
    hotMaxFactor === undefined ||
    warmMaxFactor === undefined
  )
    return ERROR;
  if (hotPercent + warmPercent > HOT_AND_WARM_MAX_PERCENT)
    return 'ERROR hot and warm pcts must not exceed 80\r\n';
  if (hotMaxFactor <= 0 || warmMaxFactor <= 0) return 'ERROR hot/warm age factors must be greater than 0\r\n';
  settings.hot_lru_pct = hotPercent;
  settings.warm_lru_pct = warmPercent;
  settings.hot_max_factor = hotMaxFactor;
  settings.warm_max_factor = warmMaxFactor;
  return OK;
}

function setLruMode(settings: MemcachedSettings, [mode]: readonly string[]): string {
  if (mode !== 'flat' && mode !== 'segmented') return ERROR;
  settings.lru_segmented = mode === 'segmented';
  return OK;
}

/** A negative one turns the segment of short-lived items off. */
function setTemporaryTtl(settings: MemcachedSettings, [ttl]: readonly string[]): string {
  const seconds = int32(ttl);
  if (seconds === undefined) return ERROR;
  settings.temp_lru = seconds >= 0;
  if (seconds >= 0) settings.temporary_ttl = seconds;
  return OK;
}

export function slabs({ admin: { settings } }: ItemStore, [name, ...args]: readonly string[]): string {
  if (name === 'reassign' && args.length === 2) return reassign(settings, args);
  if (name !== 'automove' || args.length === 0) return ERROR;
  return (AUTOMOVE_COMMANDS.get(args[0]!) ?? setAutomoveLevel)(settings, args);
}

function reassign(settings: MemcachedSettings, args: readonly string[]): string {
  if (!settings.slab_reassign) return 'CLIENT_ERROR slab reassignment disabled\r\n';
  const source = int32(args[0]);
  const target = int32(args[1]);
  if (source === undefined || target === undefined) return BAD_FORMAT;
  if (source === target) return 'SAME src and dst class are identical\r\n';
  if (!isSlabClass(source) || !isSlabClass(target)) return 'BADCLASS invalid src or dst class id\r\n';
  return 'NOSPARE source class has no spare pages\r\n';
}

function isSlabClass(id: number): boolean {
  return id >= 0 && id <= LARGEST_SLAB_CLASS;
}

function setAutomoveLevel(settings: MemcachedSettings, [text]: readonly string[]): string {
  const level = uint32(text);
  if (level === undefined) return BAD_FORMAT;
  if (level > AUTOMOVE_LEVEL_MAX) return ERROR;
  settings.slab_automove = level;
  return OK;
}

const AUTOMOVE_COMMANDS: ReadonlyMap<string, Setter> = new Map([
  ['ratio', number('slab_automove_ratio', decimal)],
  ['freeratio', number('slab_automove_freeratio', decimal)],
  ['window', setAutomoveWindow],
]);

function setAutomoveWindow(settings: MemcachedSettings, [, text]: readonly string[]): string {
  const seconds = uint32(text);
  if (seconds === undefined) return BAD_FORMAT;
  if (seconds < WINDOW_MIN_SECONDS || seconds > WINDOW_MAX_SECONDS)
    return 'CLIENT_ERROR automove window too low or too high\r\n';
  settings.slab_automove_window = seconds;
  return OK;
}

export function extstore({ admin: { settings } }: ItemStore, args: readonly string[]): string {
  return EXTSTORE_COMMANDS.get(args[0] ?? '')?.(settings, args) ?? ERROR;
}

const EXTSTORE_COMMANDS: ReadonlyMap<string, Setter> = new Map([
  ['free_memchunks', setFreeChunks],
  ['item_size', number('ext_item_size')],
  ['item_age', number('ext_item_age')],
  ['low_ttl', number('ext_low_ttl')],
  ['recache_rate', number('ext_recache_rate')],
  ['compact_under', number('ext_compact_under')],
  ['drop_under', number('ext_drop_under')],
  ['max_sleep', number('ext_max_sleep')],
  ['max_frag', number('ext_max_frag', decimal)],
  ['drop_unread', setDropUnread],
]);

/** Without effect in memcached too. */
function setFreeChunks(_settings: MemcachedSettings, [, slabClass, chunks]: readonly string[]): string {
  const id = uint32(slabClass);
  return id !== undefined && id < SLAB_CLASSES && uint32(chunks) !== undefined ? OK : ERROR;
}

function setDropUnread(settings: MemcachedSettings, [, text]: readonly string[]): string {
  const value = uint32(text);
  if (value === undefined) return ERROR;
  settings.ext_drop_unread = value !== 0;
  return OK;
}

type NumberSetting = {
  [Name in keyof MemcachedSettings]: MemcachedSettings[Name] extends number ? Name : never;
}[keyof MemcachedSettings];

/** Sets one number, the argument after the command's name. */
function number(
  name: NumberSetting,
  read: (text: string | undefined) => number | undefined = uint32,
): Setter {
  return (settings, [, text]) => {
    const value = read(text);
    if (value === undefined) return ERROR;
    settings[name] = value;
    return OK;
  };
}
