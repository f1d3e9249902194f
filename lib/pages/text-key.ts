/** A key that comes as a text with a latin1 character for each byte. */

import type { KeyBytes } from '../items.js';
import { MAX_KEY_BYTES } from './arena.js';
import { hashOf } from './hash.js';

export class TextKey implements KeyBytes {
  bytes: Buffer = Buffer.alloc(MAX_KEY_BYTES);
  readonly start = 0;
  end = 0;
  hash = 0;
  text = '';

  /** O(characters). */
  set(text: string, seed: number): this {
    if (text.length > this.bytes.length) this.bytes = Buffer.alloc(text.length);
    this.bytes.write(text, 'latin1');
    this.end = text.length;
    this.hash = hashOf(seed, this.bytes, 0, text.length);
    this.text = text;
    return this;
  }
}
