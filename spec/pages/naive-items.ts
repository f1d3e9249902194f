/**
 * The rules of a page store, written the slow and obvious way: an array from oldest to newest, scanned each time. How many
 * items have to go is the store's own answer, within bounds that the model spec checks.
 */

export interface NaiveItem {
  key: string;
  value: Buffer;
  flags: number;
  version: number | bigint;
  due: number;
  usedAt: number;
  fetched: boolean;
  bits: number;
}

export class NaiveItems {
  now = 0;
  /** Oldest first; expired items stay until something takes them. */
  items: NaiveItem[] = [];
  lastVersion = 0;
  hits = 0;
  misses = 0;
  stores = 0;

  find(key: string): NaiveItem | undefined {
    return this.items.find((item) => item.key === key);
  }

  peek(key: string): NaiveItem | undefined {
    const item = this.find(key);
    return item === undefined || item.due <= this.now ? undefined : item;
  }

  live(): NaiveItem[] {
    return this.items.filter((item) => item.due > this.now);
  }

  read(key: string): NaiveItem | undefined {
    const item = this.peek(key);
    if (item === undefined) {
      this.misses++;
      this.remove(key);
      return undefined;
    }
    this.hits++;
    item.usedAt = this.now;
    item.fetched = true;
    this.promote(item);
    return item;
  }

  promote(item: NaiveItem): void {
    this.items.splice(this.items.indexOf(item), 1);
    this.items.push(item);
  }

  set(key: string, value: Buffer, ttlMs: number, flags: number, bits = 0): void {
    this.remove(key);
    this.stores++;
    const version = ++this.lastVersion;
    if (ttlMs <= 0) return;
    const due = this.now + ttlMs;
    this.items.push({ key, value, flags, version, due, usedAt: this.now, fetched: false, bits });
  }

  remove(key: string): boolean {
    const item = this.find(key);
    if (item === undefined) return false;
    this.items.splice(this.items.indexOf(item), 1);
    return item.due > this.now;
  }
}
