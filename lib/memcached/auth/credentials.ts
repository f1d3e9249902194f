/** Who may use a server: the users and passwords of memcached's `-Y` file. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { HotsetError } from '../../errors.js';

/** As in memcached. */
const USERS_MAX = 8;
const COLON = 0x3a;
const LF = 0x0a;
const CR = 0x0d;

interface User {
  readonly name: Buffer;
  readonly password: Buffer;
}

export class Credentials {
  readonly #fileName: string;
  #users: readonly User[];

  /** Takes the content of an auth file, and its name for errors. Throws `HOTSET_INVALID_AUTH_FILE`. */
  constructor(content: Buffer, fileName: string = 'the auth file') {
    this.#fileName = fileName;
    this.#users = parse(content, fileName);
  }

  /** Takes new content; throws `HOTSET_INVALID_AUTH_FILE` and keeps the old users when it is invalid. */
  replace(content: Buffer): void {
    this.#users = parse(content, this.#fileName);
  }

  /** Whether a user has this password. Takes the same time for any user and any fault. */
  allow(name: Buffer, password: Buffer): boolean {
    const givenName = digest(name);
    const givenPassword = digest(password);
    let allowed = false;
    for (const user of this.#users) {
      const sameName = timingSafeEqual(user.name, givenName);
      const samePassword = timingSafeEqual(user.password, givenPassword);
      if (sameName && samePassword) allowed = true;
    }
    return allowed;
  }
}

/** Lines of `user:password`; the first colon splits, and the last line may lack its end. */
function parse(content: Buffer, fileName: string): User[] {
  const users: User[] = [];
  for (let start = 0, line = 1; start < content.length; line++) {
    const lineFeed = content.indexOf(LF, start);
    const next = lineFeed === -1 ? content.length : lineFeed + 1;
    let end = lineFeed === -1 ? content.length : lineFeed;
    if (end > start && content[end - 1] === CR) end--;
    if (end > start) {
      const colon = content.subarray(start, end).indexOf(COLON);
      if (colon <= 0) throw invalid(fileName, `line ${line} is not of the form user:password`);
      if (users.length === USERS_MAX) throw invalid(fileName, `it has more than ${USERS_MAX} users`);
      users.push({
        name: digest(content.subarray(start, start + colon)),
        password: digest(content.subarray(start + colon + 1, end)),
      });
    }
    start = next;
  }
  if (users.length === 0) throw invalid(fileName, 'it has no users');
  return users;
}

/** Digests have one length, so that comparing them reveals nothing about lengths. */
function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function invalid(fileName: string, why: string): HotsetError {
  return new HotsetError('HOTSET_INVALID_AUTH_FILE', `${fileName} cannot be used: ${why}`);
}
