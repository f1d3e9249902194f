/** Every opcode: its command, and the shape that its packets must have. */

import type { StoreMode } from '../request.js';

/** The command of a packet. */
export type BinaryCommand =
  | 'get'
  | StoreMode
  | 'delete'
  | 'increment'
  | 'decrement'
  | 'quit'
  | 'flush'
  | 'noop'
  | 'version'
  | 'stat'
  | 'touch'
  | 'gat'
  | 'sasl-list'
  | 'sasl-auth'
  | 'sasl-step';

export interface Opcode {
  readonly command: BinaryCommand;
  /** Omits the reply to a miss of a get, and to success of all others. */
  readonly quiet: boolean;
  /** The reply carries the key. */
  readonly withKey: boolean;
  /** How many bytes of extras it takes. */
  readonly extras: readonly number[];
  readonly key: 'required' | 'optional' | 'none';
  readonly value: boolean;
  /** Allowed before the client has authenticated. */
  readonly open: boolean;
}

type Shape = Partial<Omit<Opcode, 'command'>>;

const RETRIEVAL: Shape = { key: 'required' };
const STORAGE: Shape = { extras: [8], key: 'required', value: true };
const EXTENSION: Shape = { key: 'required', value: true };
const ARITHMETIC: Shape = { extras: [20], key: 'required' };
const TOUCH: Shape = { extras: [4], key: 'required' };
const SASL: Shape = { key: 'required', value: true, open: true };
const QUIET: Shape = { quiet: true };
const KEYED: Shape = { withKey: true };

export const OPCODES: readonly (Opcode | undefined)[] = table([
  [0x00, 'get', RETRIEVAL],
  [0x09, 'get', RETRIEVAL, QUIET],
  [0x0c, 'get', RETRIEVAL, KEYED],
  [0x0d, 'get', RETRIEVAL, KEYED, QUIET],
  [0x01, 'set', STORAGE],
  [0x11, 'set', STORAGE, QUIET],
  [0x02, 'add', STORAGE],
  [0x12, 'add', STORAGE, QUIET],
  [0x03, 'replace', STORAGE],
  [0x13, 'replace', STORAGE, QUIET],
  [0x0e, 'append', EXTENSION],
  [0x19, 'append', EXTENSION, QUIET],
  [0x0f, 'prepend', EXTENSION],
  [0x1a, 'prepend', EXTENSION, QUIET],
  [0x04, 'delete', RETRIEVAL],
  [0x14, 'delete', RETRIEVAL, QUIET],
  [0x05, 'increment', ARITHMETIC],
  [0x15, 'increment', ARITHMETIC, QUIET],
  [0x06, 'decrement', ARITHMETIC],
  [0x16, 'decrement', ARITHMETIC, QUIET],
  [0x07, 'quit'],
  [0x17, 'quit', QUIET],
  [0x08, 'flush', { extras: [0, 4] }],
  [0x18, 'flush', { extras: [0, 4] }, QUIET],
  [0x0a, 'noop'],
  [0x0b, 'version', { open: true }],
  [0x10, 'stat', { key: 'optional' }],
  [0x1c, 'touch', TOUCH],
  [0x1d, 'gat', TOUCH],
  [0x1e, 'gat', TOUCH, QUIET],
  [0x23, 'gat', TOUCH, KEYED],
  [0x24, 'gat', TOUCH, KEYED, QUIET],
  [0x20, 'sasl-list', { open: true }],
  [0x21, 'sasl-auth', SASL],
  [0x22, 'sasl-step', SASL],
]);

type Row = readonly [code: number, command: BinaryCommand, ...shapes: Shape[]];

function table(rows: readonly Row[]): (Opcode | undefined)[] {
  const opcodes = new Array<Opcode | undefined>(256).fill(undefined);
  const plain = {
    quiet: false,
    withKey: false,
    extras: [0],
    key: 'none',
    value: false,
    open: false,
  } as const;
  for (const [code, command, ...shapes] of rows) {
    const { quiet, withKey, extras, key, value, open } = Object.assign({}, plain, ...shapes) as Opcode;
    // Written out, so that all objects have one hidden class; V8 would look up each property by name.
    opcodes[code] = { command, quiet, withKey, extras, key, value, open };
  }
  return opcodes;
}

/** Whether a packet with these lengths may carry this opcode. */
export function fits(opcode: Opcode, extrasBytes: number, keyBytes: number, valueBytes: number): boolean {
  return (
    (opcode.extras[0] === extrasBytes || opcode.extras[1] === extrasBytes) &&
    (opcode.key === 'optional' || keyBytes > 0 === (opcode.key === 'required')) &&
    (opcode.value || valueBytes === 0)
  );
}
