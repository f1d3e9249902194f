/** `lru_crawler`: crawls, dumps and the crawler's settings. protocol.txt, "LRU_Crawler". */

import type { ItemStore } from '../item-store.js';
import { adminStateOf } from './admin-state.js';
import type { AdminAnswer } from './answer.js';
import type { Crawler } from './crawler.js';
import { DUMP_FORMATS, dump } from './dump.js';
import { BAD_FORMAT, ERROR, OK } from './replies.js';
import { uint32 } from './words.js';

const BUSY = 'BUSY currently processing crawler request\r\n';
const DISABLED = 'CLIENT_ERROR lru crawler disabled\r\n';
const BAD_CLASS = 'BADCLASS invalid class id\r\n';
const SLEEP_MAX_MICROSECONDS = 1_000_000;
/** memcached has 64 classes; nothing is in the first. */
const LARGEST_CLASS = 63;

export function lruCrawler(items: ItemStore, [word, argument, ...more]: readonly string[]): AdminAnswer {
  if (word === undefined || more.length > 0) return ERROR;
  const { crawler } = adminStateOf(items);
  if (argument === undefined) return SWITCHES.get(word)?.(crawler) ?? ERROR;
  if (word === 'crawl') return crawl(crawler, argument);
  const format = DUMP_FORMATS.get(word);
  if (format === undefined) return SETTINGS.get(word)?.(crawler, argument) ?? ERROR;
  if (!crawler.enabled) return DISABLED;
  if (!items.allowDump) return format.refusal;
  const classes = classesNamed(argument);
  if (classes === undefined) return BAD_CLASS;
  if (crawler.running) return BUSY;
  return { lines: dump(items, format, classes === 'all' || classes === 'hash' || classes.has(1)) };
}

function crawl(crawler: Crawler, argument: string): string {
  if (!crawler.enabled) return DISABLED;
  const classes = classesNamed(argument);
  if (classes === undefined) return BAD_CLASS;
  if (crawler.running) return BUSY;
  if (classes === 'hash') return 'ERROR an unknown error happened\r\n';
  crawler.crawl(classes === 'all' || classes.has(1));
  return OK;
}

/** `all`, `hash`, or numbers with commas between; undefined when one of them is no class. */
function classesNamed(words: string): 'all' | 'hash' | ReadonlySet<number> | undefined {
  if (words === 'all' || words === 'hash') return words;
  const classes = new Set<number>();
  for (const word of words.split(',').filter((part) => part !== '')) {
    const itemClass = uint32(word);
    if (itemClass === undefined || itemClass < 1 || itemClass > LARGEST_CLASS) return undefined;
    classes.add(itemClass);
  }
  return classes;
}

const SWITCHES: ReadonlyMap<string, (crawler: Crawler) => string> = new Map([
  ['enable', enable],
  ['disable', disable],
]);

function enable(crawler: Crawler): string {
  if (crawler.enabled) return 'ERROR failed to start lru crawler thread\r\n';
  crawler.enabled = true;
  return OK;
}

function disable(crawler: Crawler): string {
  crawler.enabled = false;
  return OK;
}

const SETTINGS: ReadonlyMap<string, (crawler: Crawler, argument: string) => string> = new Map([
  ['tocrawl', toCrawl],
  ['sleep', sleep],
]);

function toCrawl(crawler: Crawler, argument: string): string {
  const entries = uint32(argument);
  if (entries === undefined) return BAD_FORMAT;
  crawler.toCrawl = entries;
  return OK;
}

function sleep(crawler: Crawler, argument: string): string {
  const microseconds = uint32(argument);
  if (microseconds === undefined) return BAD_FORMAT;
  if (microseconds > SLEEP_MAX_MICROSECONDS) return 'CLIENT_ERROR sleep must be one second or less\r\n';
  crawler.sleepMicroseconds = microseconds;
  return OK;
}
