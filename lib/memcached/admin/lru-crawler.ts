/**
 * `lru_crawler`: crawls, which give back the memory of expired items, dumps, and settings. protocol.txt,
 * "LRU_Crawler". One crawl or dump runs at a time, as in memcached: each holds cursors into the order of use, which
 * removals have to move.
 */

import { chunks, type Lines, runInBackground } from '../incremental-task.js';
import type { ItemStore } from '../item-store.js';
import { uriEncoded } from '../watch/lines.js';
import { type AdminAnswer, BAD_FORMAT, ERROR, OK } from './answers.js';
import { uint32 } from './arguments.js';
import {
  expiresAtSeconds,
  isBinaryKey,
  itemBytesAt,
  reclaimAll,
  usedAtSeconds,
  walkAllItems,
} from './walk.js';

const BUSY = 'BUSY currently processing crawler request\r\n';
const DISABLED = 'CLIENT_ERROR lru crawler disabled\r\n';
const BAD_CLASS = 'BADCLASS invalid class id\r\n';
const SLEEP_MAX_MICROSECONDS = 1_000_000;
/** memcached has 64 classes; nothing is in the first. */
const LARGEST_CLASS = 63;

export function lruCrawler(items: ItemStore, [name, argument, ...more]: readonly string[]): AdminAnswer {
  if (more.length > 0) return ERROR;
  const commands = argument === undefined ? SWITCHES : COMMANDS;
  return commands.get(name ?? '')?.(items, argument ?? '') ?? ERROR;
}

type Command = (items: ItemStore, argument: string) => AdminAnswer;

const SWITCHES: ReadonlyMap<string, Command> = new Map([
  ['enable', enable],
  ['disable', disable],
]);

function enable({ admin: { settings } }: ItemStore): string {
  if (settings.lru_crawler) return 'ERROR failed to start lru crawler thread\r\n';
  settings.lru_crawler = true;
  return OK;
}

function disable({ admin: { settings } }: ItemStore): string {
  settings.lru_crawler = false;
  return OK;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['crawl', crawl],
  ['metadump', (items, argument) => dump(items, argument, METADUMP)],
  ['mgdump', (items, argument) => dump(items, argument, MGDUMP)],
  ['tocrawl', setToCrawl],
  ['sleep', setSleep],
]);

function setToCrawl({ admin: { settings } }: ItemStore, argument: string): string {
  const entries = uint32(argument);
  if (entries === undefined) return BAD_FORMAT;
  settings.lru_crawler_tocrawl = entries;
  return OK;
}

/** Kept and shown: a crawl here makes pauses of its own. */
function setSleep({ admin: { settings } }: ItemStore, argument: string): string {
  const microseconds = uint32(argument);
  if (microseconds === undefined) return BAD_FORMAT;
  if (microseconds > SLEEP_MAX_MICROSECONDS) return 'CLIENT_ERROR sleep must be one second or less\r\n';
  settings.lru_crawler_sleep = microseconds;
  return OK;
}

/** `all`, `hash`, or numbers with commas between; undefined when one of them is no class. */
function classesNamed(argument: string): 'all' | 'hash' | ReadonlySet<number> | undefined {
  if (argument === 'all' || argument === 'hash') return argument;
  const classes = new Set<number>();
  for (const text of argument.split(',').filter((part) => part !== '')) {
    const itemClass = uint32(text);
    if (itemClass === undefined || itemClass < 1 || itemClass > LARGEST_CLASS) return undefined;
    classes.add(itemClass);
  }
  return classes;
}

function crawl(items: ItemStore, argument: string): string {
  const { admin } = items;
  if (!admin.settings.lru_crawler) return DISABLED;
  const classes = classesNamed(argument);
  if (classes === undefined) return BAD_CLASS;
  if (admin.crawlerRunning) return BUSY;
  if (classes === 'hash') return 'ERROR an unknown error happened\r\n';
  const holdsItems = classes === 'all' || classes.has(1);
  const limit = admin.settings.lru_crawler_tocrawl || Number.POSITIVE_INFINITY;
  runInBackground(items, crawled(items, admin.beginCrawl(), holdsItems ? limit : 0));
  return OK;
}

/** Reclaims what has expired, looking at `limit` entries at most; ends when the crawler is disabled. */
function* crawled(items: ItemStore, end: () => void, limit: number): Generator<void, void, undefined> {
  const { admin, entries } = items;
  try {
    admin.crawlerChecked += Math.min(entries.size, limit);
    if (!admin.settings.lru_crawler) return;
    for (const reclaimed of reclaimAll(items, limit)) {
      admin.crawlerReclaimed += reclaimed;
      yield;
      if (!admin.settings.lru_crawler) return;
    }
  } finally {
    end();
  }
}

interface DumpFormat {
  /** The answer where dumps are forbidden. */
  readonly refusal: string;
  readonly end: string;
  line(items: ItemStore, entry: number): string;
}

const METADUMP: DumpFormat = {
  refusal: 'ERROR metadump not allowed\r\n',
  end: 'END\r\n',
  line(items, entry) {
    const { entries } = items;
    return (
      `key=${uriEncoded(entries.keyAt(entry))} exp=${expiresAtSeconds(items, entry) ?? -1} la=${usedAtSeconds(items, entry)} ` +
      `cas=${items.casIdAt(entry)} fetch=${entries.fetchedAt(entry) ? 'yes' : 'no'} cls=1 ` +
      `size=${itemBytesAt(items, entry)} flags=${entries.flagsAt(entry)} \n`
    );
  },
};

const MGDUMP: DumpFormat = {
  refusal: 'ERROR key dump not allowed\r\n',
  end: 'EN\r\n',
  line(items, entry) {
    const key = items.entries.keyAt(entry);
    return isBinaryKey(items, entry)
      ? `mg ${Buffer.from(key, 'latin1').toString('base64')} b\r\n`
      : `mg ${key}\r\n`;
  },
};

/** A line for each item, from the least recently used on. */
function dump(items: ItemStore, argument: string, format: DumpFormat): AdminAnswer {
  const { admin } = items;
  if (!admin.settings.lru_crawler) return DISABLED;
  if (!items.allowDump) return format.refusal;
  const classes = classesNamed(argument);
  if (classes === undefined) return BAD_CLASS;
  if (admin.crawlerRunning) return BUSY;
  const holdsItems = classes === 'all' || classes === 'hash' || classes.has(1);
  return { lines: endedBy(admin.beginCrawl(), chunks(dumpLines(items, format, holdsItems))) };
}

function* dumpLines(
  items: ItemStore,
  format: DumpFormat,
  holdsItems: boolean,
): Generator<string | null, void, undefined> {
  yield 'OK\r\n';
  if (holdsItems)
    for (const entry of walkAllItems(items)) yield entry === 0 ? null : format.line(items, entry);
  yield format.end;
}

/** `lines`, with `end` called when they end. A generator that is closed before its first step would not call it. */
function endedBy(end: () => void, lines: Generator<string, void, undefined>): Lines {
  return {
    next() {
      const step = lines.next();
      if (step.done === true) end();
      return step;
    },
    return() {
      end();
      return lines.return();
    },
  };
}
