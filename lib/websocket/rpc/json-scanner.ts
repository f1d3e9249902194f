/**
 * Scans JSON text in place: checks the grammar (RFC 8259) and finds where each value begins and ends, without building
 * values. So a frame's cost is known before anything is allocated for it, and a value is stored as it came, digit for
 * digit.
 *
 * One pass, O(characters), a few nanoseconds each, and no recursion. It ends early where the text has more than `MAX_JSON_NODES`
 * values.
 */

import { MAX_JSON_NODES, RPC_ERRORS } from '../../rpc-protocol.js';
import { RpcError } from './rpc-error.js';

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LETTER_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** What may follow a backslash, beside `u`. */
const ESCAPES: ReadonlySet<number> = new Set(Array.from('"\\/bfnrt', (char) => char.charCodeAt(0)));
/** Up to this length of a string, a look at each character is faster than a regular expression. */
const SHORT_LENGTH = 64;
/** Characters that a string must escape: a quote, a backslash, a control character. */
const NOT_PLAIN = /["\\]|[^ -\uffff]/g;
const LITERALS: readonly string[] = ['true', 'false', 'null'];

/** A value's text, of how many values it is made, itself included, and how deep arrays and objects are nested in it. */
export interface RawJson {
  readonly json: string;
  readonly nodes: number;
  readonly depth: number;
}

/** Every method throws an `RpcError` for what is not JSON, or more than the limits allow. */
export class JsonScanner {
  readonly #text: string;
  #at = 0;
  #nodes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtArray(): boolean {
    return this.#next() === OPEN_BRACKET;
  }

  get isAtObject(): boolean {
    return this.#next() === OPEN_BRACE;
  }

  /** The next value. */
  value(): RawJson {
    this.#next();
    const start = this.#at;
    const nodesBefore = this.#nodes;
    const depth = this.#skip();
    return { json: this.#text.slice(start, this.#at), nodes: this.#nodes - nodesBefore, depth };
  }

  /** The array that comes next: `onElement` is called before each element, and reads it. */
  elements(onElement: () => void): void {
    if (!this.isAtArray) throw notJson();
    this.#container(CLOSE_BRACKET, () => onElement());
  }

  /** The object that comes next: `onMember` gets each name, and reads the value. */
  members(onMember: (name: string) => void): void {
    if (!this.isAtObject) throw notJson();
    this.#container(CLOSE_BRACE, () => onMember(this.#name()));
  }

  /** Nothing but blanks may be left. */
  end(): void {
    if (!Number.isNaN(this.#next())) throw notJson();
  }

  /** The character that comes next, blanks left out; NaN at the end. */
  #next(): number {
    const text = this.#text;
    let at = this.#at;
    let code = text.charCodeAt(at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
    this.#at = at;
    return code;
  }

  /** Reads over the next value, and returns how deep it is nested. */
  #skip(): number {
    /** What closes each object and array that is open here. */
    const open: number[] = [];
    let depth = 0;
    do {
      if (this.#open(open)) depth = Math.max(depth, open.length);
      else this.#closeAll(open);
    } while (open.length > 0);
    return depth;
  }

  /** Reads a scalar, an empty object or array, or the beginning of one that is not empty: then true. */
  #open(open: number[]): boolean {
    const code = this.#next();
    if (++this.#nodes > MAX_JSON_NODES)
      throw new RpcError('HOTSET_TOO_MANY', `JSON takes up to ${MAX_JSON_NODES} values in one frame`);
    if (code === QUOTE) this.#string();
    else if (code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9)) this.#number(code);
    else if (code !== OPEN_BRACE && code !== OPEN_BRACKET) this.#literal();
    else {
      const close = code === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      this.#at++;
      if (this.#next() !== close) {
        open.push(close);
        if (close === CLOSE_BRACE) this.#skipName();
        return true;
      }
      this.#at++;
    }
    return false;
  }

  /** After a value: closes what ends here, up to a comma, behind which there is another one. */
  #closeAll(open: number[]): void {
    while (open.length > 0) {
      const code = this.#next();
      const close = open[open.length - 1]!;
      this.#at++;
      if (code === close) open.pop();
      else if (code !== COMMA) throw notJson();
      else {
        if (close === CLOSE_BRACE) {
          this.#next();
          this.#skipName();
        }
        return;
      }
    }
  }

  #skipName(): void {
    this.#string();
    if (this.#next() !== COLON) throw notJson();
    this.#at++;
  }

  /** What stands between brackets or braces: `readOne` reads an element or a member. */
  #container(close: number, readOne: () => void): void {
    this.#at++;
    if (this.#next() === close) {
      this.#at++;
      return;
    }
    for (;;) {
      this.#next();
      readOne();
      const code = this.#next();
      this.#at++;
      if (code === close) return;
      if (code !== COMMA) throw notJson();
    }
  }

  #name(): string {
    const start = this.#at;
    this.#string();
    const json = this.#text.slice(start, this.#at);
    if (this.#next() !== COLON) throw notJson();
    this.#at++;
    return textOfJson(json);
  }

  #string(): void {
    const text = this.#text;
    if (text.charCodeAt(this.#at) !== QUOTE) throw notJson();
    let at = this.#at + 1;
    const longAt = at + SHORT_LENGTH;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      // Control characters, and the end of the text.
      if (!(code >= 0x20)) throw notJson();
      if (code === BACKSLASH) at = this.#escape(at);
      else at = at < longAt ? at + 1 : endOfPlain(text, at);
    }
    this.#at = at + 1;
  }

  /** Where the escape at this place ends. */
  #escape(at: number): number {
    const code = this.#text.charCodeAt(at + 1);
    if (ESCAPES.has(code)) return at + 2;
    if (code !== LETTER_U) throw notJson();
    for (let i = 2; i < 6; i++) if (!isHex(this.#text.charCodeAt(at + i))) throw notJson();
    return at + 6;
  }

  #number(first: number): void {
    const text = this.#text;
    if (first === MINUS) this.#at++;
    if (text.charCodeAt(this.#at) === DIGIT_0) this.#at++;
    else this.#digits();
    if (text.charCodeAt(this.#at) === DOT) {
      this.#at++;
      this.#digits();
    }
    // E or e.
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(++this.#at);
      if (sign === PLUS || sign === MINUS) this.#at++;
      this.#digits();
    }
  }

  /** One digit or more. */
  #digits(): void {
    const text = this.#text;
    let at = this.#at;
    let code = text.charCodeAt(at);
    while (code >= DIGIT_0 && code <= DIGIT_9) code = text.charCodeAt(++at);
    if (at === this.#at) throw notJson();
    this.#at = at;
  }

  #literal(): void {
    const literal = LITERALS.find((name) => this.#text.startsWith(name, this.#at));
    if (literal === undefined) throw notJson();
    this.#at += literal.length;
  }
}

/** The end of the run of unescaped characters that begins at `at`. */
function endOfPlain(text: string, at: number): number {
  NOT_PLAIN.lastIndex = at;
  return NOT_PLAIN.exec(text)?.index ?? text.length;
}

function isHex(code: number): boolean {
  const letter = code | 0x20;
  return (code >= DIGIT_0 && code <= DIGIT_9) || (letter >= 0x61 && letter <= 0x66);
}

/** Whether the text is JSON, within the limits. O(characters). */
export function isJson(text: string): boolean {
  const scanner = new JsonScanner(text);
  try {
    scanner.value();
    scanner.end();
    return true;
  } catch (error) {
    if (error instanceof RpcError) return false;
    throw error;
  }
}

/** What a JSON string says. */
export function textOfJson(json: string): string {
  return json.includes('\\') ? (JSON.parse(json) as string) : json.slice(1, -1);
}

function notJson(): RpcError {
  return new RpcError(RPC_ERRORS.parseError, 'the frame is not JSON');
}
