/**
 * Tags: names under which entries are removed together. Each tag of an entry is a link in two lists, that of the entry
 * and that of the tag, which is linked both ways. Changing an entry is O(its tags), and finding one of a tag O(1).
 *
 * Everything is counted: links, the texts, and their places in the Map, which keeps a tag as long as an entry has it.
 */

import { invalidArgument } from '../errors.js';
import { textBytes } from '../weigh/index.js';
import { PAGE_BYTES, SlotPages } from './slot-pages.js';

/** The most tags of one entry. */
export const MAX_TAGS = 128;
/** The longest tag. */
export const MAX_TAG_CHARACTERS = 256;

/** A Map of V8 holds 2^24 - 16 at most. */
const MAX_TEXTS = 2 ** 24 - 64;

const LINK_BYTES = 64;
/** A tag's record, 40, and its place in the Map, 28 to 56. */
const TAG_BYTES = 80;

interface Tag {
  readonly text: string;
  first: Link | undefined;
}

interface Link {
  readonly tag: Tag;
  slot: number;
  /** Of the same tag. */
  before: Link | undefined;
  after: Link | undefined;
  /** Of the same entry. */
  readonly next: Link | undefined;
}

export class Tags {
  readonly #byText: Map<string, Tag> = new Map();
  readonly #links: SlotPages<Link> = new SlotPages();
  #recordBytes = 0;

  /** Everything that tags take. */
  get bytes(): number {
    return this.#recordBytes + this.#links.bytes;
  }

  /** What tags count if no other entry has any. */
  static alone(texts: readonly string[]): number {
    return texts.reduce((bytes, text) => bytes + LINK_BYTES + tagBytes(text), PAGE_BYTES);
  }

  /** The same for what a slot has. */
  aloneAt(slot: number): number {
    const texts = this.textsAt(slot);
    return texts === null ? 0 : Tags.alone(texts);
  }

  /** By how much `bytes` would grow at most, or shrink, if a slot had these tags instead. */
  wouldAdd(slot: number, texts: readonly string[] | null): number {
    let growth = texts === null ? -this.#links.wouldFree(slot) : this.#links.wouldAdd(slot);
    if (texts !== null) {
      for (const text of texts) growth += LINK_BYTES + (this.#byText.has(text) ? 0 : tagBytes(text));
    }
    for (let link = this.#links.at(slot); link !== undefined; link = link.next) {
      growth -= LINK_BYTES;
      if (link.before === undefined && link.after === undefined && texts?.includes(link.tag.text) !== true)
        growth -= tagBytes(link.tag.text);
    }
    return growth;
  }

  /** Whether the Map has room for these: a full one throws. */
  hasRoomFor(texts: readonly string[]): boolean {
    const room = MAX_TEXTS - this.#byText.size;
    return texts.length <= room || texts.filter((text) => !this.#byText.has(text)).length <= room;
  }

  /** An entry that has the tag; 0 for none. */
  slotOf(text: string): number {
    return this.#byText.get(text)?.first?.slot ?? 0;
  }

  /** The tags of an entry, in the order in which they were given; null for none. */
  textsAt(slot: number): readonly string[] | null {
    const texts: string[] = [];
    for (let link = this.#links.at(slot); link !== undefined; link = link.next) texts.push(link.tag.text);
    return texts.length === 0 ? null : texts.reverse();
  }

  /** Makes a slot have these tags, which differ, and no others. */
  hold(slot: number, texts: readonly string[] | null): void {
    const before = this.#links.at(slot);
    let last: Link | undefined;
    if (texts !== null) for (const text of texts) last = this.#link(slot, text, last);
    if (last !== undefined) this.#links.put(slot, last);
    else if (before !== undefined) this.#links.delete(slot);
    for (let link = before; link !== undefined; link = link.next) this.#unlink(link);
  }

  #link(slot: number, text: string, next: Link | undefined): Link {
    let tag = this.#byText.get(text);
    if (tag === undefined) {
      tag = { text, first: undefined };
      this.#byText.set(text, tag);
      this.#recordBytes += tagBytes(text);
    }
    const link: Link = { tag, slot, before: undefined, after: tag.first, next };
    if (tag.first !== undefined) tag.first.before = link;
    tag.first = link;
    this.#recordBytes += LINK_BYTES;
    return link;
  }

  #unlink({ tag, before, after }: Link): void {
    this.#recordBytes -= LINK_BYTES;
    if (after !== undefined) after.before = before;
    if (before !== undefined) before.after = after;
    else tag.first = after;
    if (tag.first !== undefined) return;
    this.#byText.delete(tag.text);
    this.#recordBytes -= tagBytes(tag.text);
  }

  /** An entry has another slot now. */
  move(from: number, to: number): void {
    for (let link = this.#links.at(from); link !== undefined; link = link.next) link.slot = to;
    this.#links.move(from, to);
  }

  clear(): void {
    this.#byText.clear();
    this.#links.clear();
    this.#recordBytes = 0;
  }

  /** What is inconsistent; `used` are the slots of all entries. O(links). */
  verify(used: ReadonlySet<number>): string[] {
    const problems: string[] = [];
    const tagged = new Set<number>();
    let bytes = 0;
    let links = 0;
    for (const [text, tag] of this.#byText) {
      bytes += tagBytes(text);
      if (tag.first === undefined || tag.text !== text) problems.push(`the tag ${text} has no entry`);
      let before: Link | undefined;
      for (let link = tag.first; link !== undefined; before = link, link = link.after) {
        bytes += LINK_BYTES;
        links++;
        tagged.add(link.slot);
        if (!used.has(link.slot)) problems.push(`slot ${link.slot} is free and has the tag ${text}`);
        if (link.before !== before || link.tag !== tag)
          problems.push(`the links of the tag ${text} disagree`);
        if (this.textsAt(link.slot)?.includes(text) !== true)
          problems.push(`slot ${link.slot} lacks its tag ${text}`);
      }
    }
    let held = 0;
    for (const slot of tagged) held += this.textsAt(slot)?.length ?? 0;
    if (held !== links) problems.push(`entries have ${held} tags, and tags ${links} entries`);
    if (bytes !== this.#recordBytes) problems.push(`tags count ${this.#recordBytes} bytes and have ${bytes}`);
    return [...problems, ...this.#links.verify(tagged, 'tags')];
  }
}

function tagBytes(text: string): number {
  return TAG_BYTES + textBytes(text);
}

/** Throws `HOTSET_INVALID_ARGUMENT` for what are no tags, or too many of them for one entry. */
export function checkTags(tags: unknown, maxTags: number = MAX_TAGS): asserts tags is readonly string[] {
  if (!Array.isArray(tags)) throw invalidArgument('tags', 'an array of texts', tags);
  if (tags.length > maxTags) throw invalidArgument('tags', `at most ${maxTags} texts`, tags.length);
  for (const tag of tags)
    if (typeof tag !== 'string' || tag === '' || tag.length > MAX_TAG_CHARACTERS)
      throw invalidArgument('tags', `texts of 1 to ${MAX_TAG_CHARACTERS} characters`, tag);
}
