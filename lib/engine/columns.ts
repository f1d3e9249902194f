/**
 * The data of the slots, laid out for the cache line: links of the order and of the index are side by side in one
 * Int32Array, key and value side by side in ordinary arrays. Everything else has a column that exists once
 * something needs it.
 *
 * Slot 0 anchors the order and means "absent". Free slots form a list.
 *
 * No call copies a million slots: long before the last slot is taken, larger columns are allocated beside those in
 * use, and each insertion copies a part. Until they take over, `mirror` repeats every change in them. Keys and
 * values are in one array, or in pages once the array would be too long to copy.
 */

/** Offsets in `links`: four numbers a slot. */
export const OLDER = 0;
export const NEWER = 1;
export const HASH = 2;
export const NEXT = 3;

export const NEVER: number = Number.POSITIVE_INFINITY;

/** In `bits`: the value has been read. Seven bits of an adapter's follow, and then the value's form (forms.ts). */
export const FETCHED = 1;
export const ADAPTER_BITS_SHIFT = 1;
export const FORM_SHIFT = 8;

/** Up to this many slots, keys and values are in one array, which is copied as it grows: 2 MB in 3 ms at most. */
const FLAT_MAX_SLOTS = 2 ** 17;
/** Beyond, a page holds those of 65,536 slots: V8 makes its array in a fraction of a millisecond. */
const PAGE_BITS = 16;
const PAGE_MASK = 0xffff;
const PAGE_SLOTS = 2 ** PAGE_BITS;

const FIRST_SLOTS = 16;
const GROWTH = 1.25;
/** Smaller columns are copied at once, in microseconds. */
const COPIED_AT_ONCE_SLOTS = 4096;
/** What one insertion or removal copies: 4 kB of links. */
const PIECE_SLOTS = 256;
/** Links are numbers of 31 bits, and slots are multiplied by four. What is left of an older link is the policy's (policy/queues.ts). */
export const SLOT_BITS = 28;
export const MAX_SLOTS: number = 2 ** SLOT_BITS;
export const SLOT_MASK: number = MAX_SLOTS - 1;

/** Larger weights are in a side table. */
const HEAVY = 2 ** 32 - 1;

interface TypedColumns {
  links: Int32Array;
  weights: Uint32Array | null;
  dues: Float64Array | null;
  flags: Uint32Array | null;
  versions: Float64Array | null;
  times: Float64Array | null;
  ttls: Float64Array | null;
  bits: Uint16Array | null;
}

type ColumnName = keyof TypedColumns;

/** How each column is made, and how many numbers a slot has in it. */
const COLUMNS = {
  links: { type: Int32Array, width: 4 },
  weights: { type: Uint32Array, width: 1 },
  dues: { type: Float64Array, width: 1 },
  flags: { type: Uint32Array, width: 1 },
  versions: { type: Float64Array, width: 1 },
  times: { type: Float64Array, width: 2 },
  ttls: { type: Float64Array, width: 1 },
  bits: { type: Uint16Array, width: 1 },
} as const;
const NAMES = Object.keys(COLUMNS) as ColumnName[];

/** Bytes of one slot in a column. */
export function columnBytes(name: ColumnName): number {
  return COLUMNS[name].width * COLUMNS[name].type.BYTES_PER_ELEMENT;
}

/** References to a key and a value. */
export const PAIR_BYTES = 16;

interface Ahead extends TypedColumns {
  readonly capacity: number;
  /** Slots below this one have been copied. */
  copied: number;
}

export class Columns implements TypedColumns {
  links: Int32Array = new Int32Array(FIRST_SLOTS * 4);
  /** Key and value of slot s at `2 * s` and the place after it; null once there are pages. */
  pairs: unknown[] | null = [];
  /** Counted bytes of key and value. */
  weights: Uint32Array | null = null;
  /** When each slot expires, in the clock's milliseconds; `NEVER` also for a free slot. */
  dues: Float64Array | null = null;
  flags: Uint32Array | null = null;
  /** 0 for an entry that has not been numbered. */
  versions: Float64Array | null = null;
  /** When the value was stored, and when it was last used. */
  times: Float64Array | null = null;
  /** What a read sets the due time to, from then on. */
  ttls: Float64Array | null = null;
  bits: Uint16Array | null = null;

  capacity: number = FIRST_SLOTS;
  /** This slot and those above it have never been used. */
  nextFresh = 1;
  /** Columns that take over once all slots have been copied; null most of the time. */
  ahead: Ahead | null = null;

  /** Bytes allocated for columns, for those to come, and for pages. */
  bytes: number = FIRST_SLOTS * columnBytes('links');

  private slotBytes: number = columnBytes('links');
  private pages: unknown[][] = [];
  /** Slots that have places for key and value. */
  private pairSlots = 0;
  private firstFree = 0;
  private heavy: Map<number, number> | null = null;
  private wideVersions: Map<number, bigint> | null = null;

  // Columns

  /** Adds a column for every slot. O(slots) for `dues`, which start as "never". */
  need(name: Exclude<ColumnName, 'links'>): void {
    if (this[name] !== null) return;
    this.set(this, name, made(name, this.capacity));
    if (name === 'dues') (this.dues as Float64Array | null)?.fill(NEVER, 0, this.nextFresh);
    if (this.ahead !== null) this.set(this.ahead, name, made(name, this.ahead.capacity));
    // What has been copied lacks the new column: begin again.
    if (this.ahead !== null) this.ahead.copied = 0;
    this.slotBytes += columnBytes(name);
    this.countBytes();
  }

  private countBytes(): void {
    const slots = this.capacity + (this.ahead === null ? 0 : this.ahead.capacity);
    this.bytes = slots * this.slotBytes + this.pairSlots * PAIR_BYTES;
  }

  private set(columns: TypedColumns, name: ColumnName, column: TypedColumns[ColumnName]): void {
    (columns as unknown as Record<ColumnName, TypedColumns[ColumnName]>)[name] = column;
  }

  // What a slot has

  keyAt(slot: number): unknown {
    const { pairs } = this;
    return pairs === null ? this.pages[slot >>> PAGE_BITS]![(slot & PAGE_MASK) << 1] : pairs[slot << 1];
  }

  valueAt(slot: number): unknown {
    const { pairs } = this;
    return pairs === null
      ? this.pages[slot >>> PAGE_BITS]![((slot & PAGE_MASK) << 1) + 1]
      : pairs[(slot << 1) + 1];
  }

  put(slot: number, key: unknown, value: unknown): void {
    const { pairs } = this;
    if (pairs === null) this.putInPage(slot, key, value);
    else {
      pairs[slot << 1] = key;
      pairs[(slot << 1) + 1] = value;
    }
  }

  setValue(slot: number, value: unknown): void {
    const { pairs } = this;
    if (pairs === null) this.putInPage(slot, this.keyAt(slot), value);
    else pairs[(slot << 1) + 1] = value;
  }

  private putInPage(slot: number, key: unknown, value: unknown): void {
    const page = this.pages[slot >>> PAGE_BITS]!;
    const at = (slot & PAGE_MASK) << 1;
    page[at] = key;
    page[at + 1] = value;
  }

  /** Whether a slot of any number holds an entry. */
  isUsed(slot: number): boolean {
    return slot > 0 && slot < this.nextFresh && this.links[slot << 2]! >= 0;
  }

  weightAt(slot: number): number {
    const weight = this.weights![slot]!;
    return weight < HEAVY ? weight : this.heavy!.get(slot)!;
  }

  setWeight(slot: number, bytes: number): void {
    if (this.heavy !== null) this.heavy.delete(slot);
    if (bytes < HEAVY) this.weights![slot] = bytes;
    else {
      this.weights![slot] = HEAVY;
      this.heavy ??= new Map();
      this.heavy.set(slot, bytes);
    }
  }

  /** A bigint where a number would not be exact; 0 for an entry that has not been numbered. */
  versionAt(slot: number): number | bigint {
    const version = this.versions![slot]!;
    return version <= Number.MAX_SAFE_INTEGER ? version : this.wideVersions!.get(slot)!;
  }

  setVersion(slot: number, version: number | bigint): void {
    if (this.wideVersions !== null) this.wideVersions.delete(slot);
    this.versions![slot] = Number(version);
    if (typeof version === 'bigint') {
      if (version <= Number.MAX_SAFE_INTEGER) return;
      this.versions![slot] = NEVER;
      this.wideVersions ??= new Map();
      this.wideVersions.set(slot, version);
    }
  }

  // Slots

  private get isGrowing(): boolean {
    return this.ahead !== null && this.ahead.capacity > this.capacity;
  }

  /** Whether the next insertion needs larger columns, or more room for keys and values. */
  get isFull(): boolean {
    const { nextFresh } = this;
    return this.firstFree === 0 && (nextFresh === this.capacity || nextFresh >= this.pairSlots);
  }

  /** The slot that `take` returns. */
  get nextSlot(): number {
    return this.firstFree === 0 ? this.nextFresh : this.firstFree;
  }

  /** Bytes that the next insertion adds to `bytes` where `isFull`: less than none where it ends growth. */
  get insertionBytes(): number {
    const { nextFresh, capacity } = this;
    let bytes = 0;
    if (nextFresh === capacity) {
      const ahead = this.ahead === null ? 0 : this.ahead.capacity;
      const grown = this.isGrowing ? ahead : this.grownCapacity;
      bytes += (grown - capacity - ahead) * this.slotBytes;
    }
    if (nextFresh >= this.pairSlots) bytes += (grownPairSlots(nextFresh) - this.pairSlots) * PAIR_BYTES;
    return bytes;
  }

  /** Whether larger columns should be begun, so that they are ready in time. */
  get isNearlyFull(): boolean {
    return this.nextFresh >= this.capacity - (this.capacity >>> 6) - 1 && this.firstFree === 0;
  }

  /** Bytes that larger columns beside those in use, and the keys and values they are for, would add to `bytes`. */
  get growthBytes(): number {
    return this.grownCapacity * this.slotBytes + (this.grownCapacity - this.capacity) * PAIR_BYTES;
  }

  private get grownCapacity(): number {
    return Math.min(Math.ceil(this.capacity * GROWTH), MAX_SLOTS);
  }

  /** Begins larger columns. Small ones are complete at once; later insertions complete the others. */
  grow(): void {
    if (!this.isGrowing) this.resize(this.grownCapacity);
  }

  /** A slot for a new entry, in no list; the caller fills its columns. `isFull` must be false. */
  take(key: unknown, value: unknown): number {
    let slot = this.firstFree;
    if (slot !== 0) this.unlinkFree(slot);
    else {
      if (this.nextFresh === this.capacity) {
        this.grow();
        this.finish();
      }
      slot = this.nextFresh++;
      if (slot >= this.pairSlots) this.growPairs(slot);
      if (this.dues !== null) this.dues[slot] = NEVER;
    }
    this.put(slot, key, value);
    if (this.ahead !== null) this.copyPiece(this.ahead);
    return slot;
  }

  /** Gives back the slot of an entry that has left all lists. */
  release(slot: number): void {
    this.put(slot, undefined, undefined);
    if (this.dues !== null) this.dues[slot] = NEVER;
    if (this.heavy !== null) this.heavy.delete(slot);
    if (this.wideVersions !== null) this.wideVersions.delete(slot);
    this.linkFree(slot);
    if (this.ahead !== null) this.copyPiece(this.ahead);
  }

  /** Free slots are linked both ways, and have a negative older link. */
  private linkFree(slot: number): void {
    const { links } = this;
    const next = this.firstFree;
    links[(slot << 2) + OLDER] = ~0;
    links[(slot << 2) + NEXT] = next;
    if (next !== 0) links[(next << 2) + OLDER] = ~slot;
    this.firstFree = slot;
    if (this.ahead !== null) for (const changed of [slot, next]) this.mirror(changed);
  }

  private unlinkFree(slot: number): void {
    const { links } = this;
    const before = ~links[(slot << 2) + OLDER]!;
    const next = links[(slot << 2) + NEXT]!;
    if (before === 0) this.firstFree = next;
    else links[(before << 2) + NEXT] = next;
    if (next !== 0) links[(next << 2) + OLDER] = ~before;
    if (this.ahead !== null) for (const changed of [before, next]) this.mirror(changed);
  }

  /** Makes the topmost slot, which must be free, one that has never been used. `mayGrow`: whether there is room for so many bytes more. */
  dropTop(mayGrow: (bytes: number) => boolean): void {
    this.unlinkFree(--this.nextFresh);
    if (this.nextFresh < this.capacity / 4 && this.capacity > FIRST_SLOTS && this.ahead === null) {
      const slots = Math.max(Math.ceil(this.nextFresh * GROWTH), FIRST_SLOTS);
      const isRoomForBoth = mayGrow(slots * this.slotBytes);
      this.resize(slots);
      if (!isRoomForBoth) this.finish();
    }
    this.shrinkPairs();
    this.advance();
  }

  /** Copies all that a slot has but its links to another slot. */
  copy(from: number, to: number): void {
    this.put(to, this.keyAt(from), this.valueAt(from));
    for (const name of NAMES) {
      const column = this[name];
      const { width } = COLUMNS[name];
      if (name !== 'links') column?.copyWithin(to * width, from * width, (from + 1) * width);
    }
    if (this.heavy?.has(from)) this.heavy.set(to, this.heavy.get(from)!);
    if (this.wideVersions?.has(from)) this.wideVersions.set(to, this.wideVersions.get(from)!);
  }

  // Growing and shrinking

  private resize(capacity: number): void {
    const ahead: Ahead = { ...NO_COLUMNS, capacity, copied: 0 };
    for (const name of NAMES) if (this[name] !== null) this.set(ahead, name, made(name, capacity));
    this.ahead = ahead;
    this.countBytes();
    if (Math.min(capacity, this.capacity) <= COPIED_AT_ONCE_SLOTS) this.copyUntil(ahead, this.nextFresh);
  }

  /** Lets the columns to come, if there are any, take over at once. O(slots). Returns whether that gave memory back. */
  finish(): boolean {
    if (this.ahead === null) return false;
    this.copyOn(this.ahead, this.nextFresh);
    return true;
  }

  /** Copies another part, so that larger columns also take over in a cache that has no new slots. */
  advance(): void {
    if (this.ahead !== null) this.copyPiece(this.ahead);
  }

  private copyPiece(ahead: Ahead): void {
    this.copyOn(ahead, ahead.copied + PIECE_SLOTS);
  }

  private copyOn(ahead: Ahead, end: number): void {
    if (ahead.capacity >= this.nextFresh) {
      this.copyUntil(ahead, Math.min(end, this.nextFresh));
      return;
    }
    // A cache that grows again before it has shrunk stays as it is.
    this.ahead = null;
    this.countBytes();
  }

  /** Once all is copied, the new columns take over. */
  private copyUntil(ahead: Ahead, end: number): void {
    for (const name of NAMES) {
      const { width } = COLUMNS[name];
      const column = this[name];
      if (column !== null)
        ahead[name]!.set(column.subarray(ahead.copied * width, end * width), ahead.copied * width);
    }
    ahead.copied = end;
    if (end < this.nextFresh) return;
    for (const name of NAMES) this.set(this, name, ahead[name]);
    this.capacity = ahead.capacity;
    this.ahead = null;
    this.countBytes();
  }

  /**
   * Whether columns of the right length for so many entries would be smaller by a 32nd or more. Both together are less
   * than the average that is counted, so that columns which are not loose never are what keeps an entry out.
   */
  isLoose(entries: number): boolean {
    const slots = fittingSlots(entries);
    return (slots * this.slotBytes + fittingPairSlots(slots) * PAIR_BYTES) * 33 < this.bytes * 32;
  }

  /** Makes columns of the right length at once; no slot may be free. O(slots). */
  fit(): void {
    this.ahead = null;
    const slots = fittingSlots(this.nextFresh - 1);
    this.resize(slots);
    this.finish();
    const pairSlots = fittingPairSlots(slots);
    if (this.pairs === null && slots <= FLAT_MAX_SLOTS) this.pairs = this.pages.splice(0).flat();
    if (this.pairs !== null) this.pairs = resized(this.pairs, pairSlots);
    else this.pages.length = pairSlots / PAGE_SLOTS;
    this.pairSlots = pairSlots;
    this.countBytes();
  }

  /** Forgets all slots and gives the memory back. Columns in use stay in use. */
  clear(): void {
    this.ahead = null;
    this.capacity = FIRST_SLOTS;
    for (const name of NAMES) if (this[name] !== null) this.set(this, name, made(name, FIRST_SLOTS));
    this.pairs = [];
    this.pages = [];
    this.pairSlots = 0;
    this.nextFresh = 1;
    this.firstFree = 0;
    this.heavy = null;
    this.wideVersions = null;
    this.countBytes();
  }

  /** Repeats what a slot has in the columns to come. */
  mirror(slot: number): void {
    const { ahead } = this;
    if (ahead === null || slot >= ahead.capacity) return;
    for (const name of NAMES) {
      const { width } = COLUMNS[name];
      const from = this[name];
      if (from === null) continue;
      const to = ahead[name]!;
      for (let i = slot * width; i < (slot + 1) * width; i++) to[i] = from[i]!;
    }
  }

  private growPairs(slot: number): void {
    this.pairSlots = grownPairSlots(slot);
    if (slot < FLAT_MAX_SLOTS) {
      this.pairs = resized(this.pairs!, this.pairSlots);
    } else {
      if (this.pairs !== null) this.pages = pagesOf(this.pairs);
      this.pairs = null;
      this.pages.push(resized([], PAGE_SLOTS));
    }
    this.countBytes();
  }

  private shrinkPairs(): void {
    if (this.pairs === null) {
      // Half a page stays, so that a cache whose size swings does not allocate and drop one all the time.
      if (this.nextFresh > this.pairSlots - (PAGE_SLOTS * 3) / 2) return;
      this.pages.pop();
      this.pairSlots -= PAGE_SLOTS;
      if (this.pages.length === 1) {
        this.pairs = this.pages.pop()!;
      }
    } else {
      if (this.nextFresh > this.pairSlots / 4 || this.pairSlots <= FIRST_SLOTS) return;
      this.pairSlots = Math.max(Math.ceil(this.nextFresh * GROWTH), FIRST_SLOTS);
      this.pairs = resized(this.pairs, this.pairSlots);
    }
    this.countBytes();
  }

  /** What is inconsistent; `size` entries must be in use. O(slots). */
  verify(size: number): string[] {
    const problems: string[] = [];
    let free = 0;
    for (let slot = this.firstFree; slot !== 0; slot = this.links[(slot << 2) + NEXT]!) {
      if (++free === this.nextFresh) return ['the list of free slots goes round'];
      if (this.isUsed(slot)) problems.push(`slot ${slot} is in use and free`);
      if (this.keyAt(slot) !== undefined || this.valueAt(slot) !== undefined)
        problems.push(`free slot ${slot} still holds a key or a value`);
      if (this.dues !== null && this.dues[slot] !== NEVER)
        problems.push(`free slot ${slot} still has a due time`);
    }
    const typed = NAMES.map((name) => (this[name]?.byteLength ?? 0) + (this.ahead?.[name]?.byteLength ?? 0));
    const allocated = typed.reduce((sum, bytes) => sum + bytes, this.pairSlots * PAIR_BYTES);
    if (allocated !== this.bytes)
      problems.push(`columns take ${allocated} bytes, and ${this.bytes} are counted`);
    if (size + free !== this.nextFresh - 1)
      problems.push(`of ${this.nextFresh - 1} slots ${size} hold an entry and ${free} are free`);
    for (const name of NAMES)
      for (let i = 0; this.ahead !== null && i < this.ahead.copied * COLUMNS[name].width; i++)
        if (this[name] !== null && this.ahead[name]![i] !== this[name]![i]) {
          problems.push(`the ${name} to come differ at ${i}`);
          break;
        }
    return problems;
  }
}

const NO_COLUMNS: TypedColumns = {
  links: new Int32Array(0),
  weights: null,
  dues: null,
  flags: null,
  versions: null,
  times: null,
  ttls: null,
  bits: null,
};

/** Slots that have places for key and value once `slot`, the first that has none, has got one. */
function grownPairSlots(slot: number): number {
  if (slot >= FLAT_MAX_SLOTS) return (Math.floor(slot / PAGE_SLOTS) + 1) * PAGE_SLOTS;
  return Math.min(Math.max(Math.ceil(slot * GROWTH), FIRST_SLOTS), FLAT_MAX_SLOTS);
}

/** A 32nd more than are in use, so that columns that fit are not outgrown at once. */
function fittingSlots(entries: number): number {
  return Math.max(Math.ceil((entries + 1) * 1.03125), FIRST_SLOTS);
}

function fittingPairSlots(slots: number): number {
  return slots <= FLAT_MAX_SLOTS ? slots : Math.ceil(slots / PAGE_SLOTS) * PAGE_SLOTS;
}

function made(name: ColumnName, capacity: number): NonNullable<TypedColumns[ColumnName]> {
  return new COLUMNS[name].type(capacity * COLUMNS[name].width);
}

/** A copy with room for so many slots, exactly: an array that is pushed to would take half as much again. */
function resized(pairs: readonly unknown[], slots: number): unknown[] {
  const copy = new Array<unknown>(slots * 2);
  const kept = Math.min(pairs.length, copy.length);
  for (let i = 0; i < kept; i++) copy[i] = pairs[i];
  return copy.fill(undefined, kept);
}

function pagesOf(pairs: readonly unknown[]): unknown[][] {
  const pages: unknown[][] = [];
  for (let from = 0; from < pairs.length; from += PAGE_SLOTS * 2)
    pages.push(resized(pairs.slice(from, from + PAGE_SLOTS * 2), PAGE_SLOTS));
  return pages;
}
