/** State of administrative commands: one for each ItemStore. */

import { invalidOption } from '../../errors.js';

/**
 * memcached's settings that a client or a command line may change, by the names of `stats settings`. `lru_crawler`,
 * `lru_crawler_tocrawl` and `slab_reassign` have their effect; the others concern slabs, threads, the hash table and the
 * disk of the C server: they are kept and shown, and have no effect.
 */
export const DEFAULT_SETTINGS = {
  growth_factor: 1.25,
  chunk_size: 48,
  num_threads: 1,
  num_threads_per_udp: 0,
  /** Addresses as `-l` has them; empty where only the first host is known. */
  inter: '',
  /** The file of `-Y`; empty where it is only known whether there are users. */
  auth_file: '',
  maxconns_fast: true,
  hashpower_init: 0,
  slab_reassign: true,
  slab_automove: 0,
  slab_automove_ratio: 0.8,
  slab_automove_window: 10,
  slab_chunk_max: 524288,
  lru_crawler: true,
  lru_crawler_sleep: 100,
  lru_crawler_tocrawl: 0,
  tail_repair_time: 0,
  hash_algorithm: 'murmur3',
  lru_maintainer_thread: false,
  lru_segmented: false,
  hot_lru_pct: 20,
  warm_lru_pct: 40,
  hot_max_factor: 0.2,
  warm_max_factor: 2,
  temp_lru: false,
  temporary_ttl: 61,
  watcher_logbuf_size: 262144,
  worker_logbuf_size: 65536,
  read_buf_mem_limit: 0,
  ext_item_size: 512,
  ext_item_age: 4294967295,
  ext_low_ttl: 0,
  ext_recache_rate: 2000,
  ext_wbuf_size: 4194304,
  ext_compact_under: 0,
  ext_drop_under: 0,
  ext_max_sleep: 1000000,
  ext_max_frag: 0.8,
  slab_automove_freeratio: 0.01,
  ext_drop_unread: false,
  ssl_keyformat: 1,
  ssl_wbuf_size: 16384,
  ssl_session_cache: false,
  ssl_kernel_tls: false,
  num_napi_ids: 0,
  memory_file: '(null)',
};

/** memcached's options that have no effect here, by the names of `stats settings`: numbers, switches and texts. */
export type MemcachedSettings = typeof DEFAULT_SETTINGS;

/** Lists that may be produced item by item at one time, over all clients: each makes removals slower. */
const LISTS_MAX = 16;

export class AdminState {
  readonly settings: MemcachedSettings;
  /** The target of `cache_memlimit` while the budget comes down to it; null at other times. */
  memoryLimit: { readonly bytes: number } | null = null;
  /** A crawl or a dump is in progress: one runs at a time, as in memcached. */
  crawlerRunning = false;
  /** Counters of `stats`. */
  crawlerStarts = 0;
  crawlerReclaimed = 0;
  crawlerChecked = 0;
  #lists = 0;

  /** Throws `HOTSET_INVALID_OPTION` for a setting that does not exist, or is of another type. */
  constructor(settings: Partial<MemcachedSettings> = {}) {
    for (const [name, value] of Object.entries(settings)) {
      const type =
        Object.hasOwn(DEFAULT_SETTINGS, name) && typeof DEFAULT_SETTINGS[name as keyof MemcachedSettings];
      if (type === false) throw invalidOption('settings', "names of memcached's `stats settings`", name);
      if (value !== undefined && typeof value !== type)
        throw invalidOption(`settings.${name}`, `a ${type}`, value);
    }
    this.settings = { ...DEFAULT_SETTINGS, ...settings };
  }

  /** Notes that a crawl or a dump has begun; returns what is to be called, once or more, when it has ended. */
  beginCrawl(): () => void {
    this.crawlerRunning = true;
    this.crawlerStarts++;
    let ended = false;
    return () => {
      if (!ended) this.crawlerRunning = false;
      ended = true;
    };
  }

  get hasRoomForList(): boolean {
    return this.#lists < LISTS_MAX;
  }

  /** `list` as it is, counted from its first step until it ends or is closed. */
  *countedList<T, R>(list: Generator<T, R, undefined>): Generator<T, R, undefined> {
    this.#lists++;
    try {
      return yield* list;
    } finally {
      this.#lists--;
    }
  }

  resetStats(): void {
    this.crawlerStarts = 0;
    this.crawlerReclaimed = 0;
    this.crawlerChecked = 0;
  }
}
