/** The file of users and passwords, read when the server is created and at each reload. */

import { readFileSync } from 'node:fs';
import { HotsetError } from '../errors.js';
import { Credentials } from '../memcached/auth/credentials.js';

export class AuthFile {
  /** One object for all sessions; a reload changes its content. */
  readonly credentials: Credentials;
  readonly #path: string;

  /** Throws `HOTSET_INVALID_AUTH_FILE`. */
  constructor(path: string) {
    this.#path = path;
    this.credentials = new Credentials(this.#content(), path);
  }

  /** Throws `HOTSET_INVALID_AUTH_FILE`, and keeps the old users. */
  reload(): void {
    this.credentials.replace(this.#content());
  }

  #content(): Buffer {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      throw new HotsetError(
        'HOTSET_INVALID_AUTH_FILE',
        `${this.#path} cannot be used: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}
