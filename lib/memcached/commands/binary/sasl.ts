/** Who a binary client is: SASL with the one mechanism PLAIN (RFC 4616). */

import { type Header, STATUS } from '../../binary/binary-packet.js';
import { writeError, writeText } from '../../binary/binary-replies.js';
import type { Opcode } from '../../binary/opcodes.js';
import { AUTH_CMDS, AUTH_ERRORS } from '../../counters.js';
import type { SessionIo } from '../../session-io.js';
import { bytesOf, type WireValue } from '../../wire-value.js';

export const MECHANISM = 'PLAIN';

export function isSasl({ command }: Opcode): boolean {
  return command === 'sasl-list' || command === 'sasl-auth' || command === 'sasl-step';
}

/** Checks an answer of the client's, and answers it: whether it has said who it is. */
export function authenticate(
  { items, out, credentials, onAuthFailure }: SessionIo,
  header: Header,
  mechanism: string,
  message: WireValue,
): boolean {
  items.count(AUTH_CMDS);
  const [, user, password, ...more] = split(bytesOf(message));
  const allowed =
    mechanism === MECHANISM &&
    user !== undefined &&
    password !== undefined &&
    more.length === 0 &&
    credentials?.allow(user, password) === true;
  if (allowed) writeText(out, header, 'Authenticated');
  else {
    items.count(AUTH_ERRORS);
    onAuthFailure();
    writeError(out, header, STATUS.authError);
  }
  return allowed;
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
