/** Who a binary client is: SASL with the one mechanism PLAIN (RFC 4616). */

import { type Header, STATUS } from '../../binary/binary-packet.js';
import { writeError, writeText } from '../../binary/binary-replies.js';
import type { Opcode } from '../../binary/opcodes.js';
import { AUTH_CMDS, AUTH_ERRORS } from '../../counters.js';
import type { SessionIo } from '../../session-io.js';

export const MECHANISM = 'PLAIN';

/** A longer name is none. */
export const MECHANISM_MAX_BYTES = 32;

export function isSasl({ command }: Opcode): boolean {
  return command === 'sasl-list' || command === 'sasl-auth' || command === 'sasl-step';
}

/**
 * One connection's authentication. The message comes with `auth`, or after an empty one with `step`, which means
 * nothing without it.
 */
export class Sasl {
  authenticated = false;
  /** An `auth` without a message has been answered, and its `step` not yet. */
  #begun = false;
  readonly #io: SessionIo;

  constructor(io: SessionIo) {
    this.#io = io;
  }

  onMessage({ command }: Opcode, header: Header, mechanism: string, message: Buffer): void {
    const { items, out, onAuthFailure } = this.#io;
    const isStep = command === 'sasl-step';
    const speaksPlain = isStep ? this.#begun : mechanism === MECHANISM;
    this.#begun = !isStep && speaksPlain && message.length === 0;
    if (this.#begun) {
      writeError(out, header, STATUS.authContinue);
      return;
    }
    items.count(AUTH_CMDS);
    if (speaksPlain && this.#allows(message)) {
      this.authenticated = true;
      writeText(out, header, 'Authenticated');
      return;
    }
    items.count(AUTH_ERRORS);
    onAuthFailure();
    writeError(out, header, STATUS.authError);
  }

  #allows(message: Buffer): boolean {
    const [, user, password, ...more] = split(message);
    if (user === undefined || password === undefined || more.length > 0) return false;
    return this.#io.credentials?.allow(user, password) === true;
  }
}

/** What stands between NULs: whom to act as, user and password. */
function split(message: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = message.indexOf(0); end !== -1; end = message.indexOf(0, start)) {
    parts.push(message.subarray(start, end));
    start = end + 1;
  }
  return [...parts, message.subarray(start)];
}
