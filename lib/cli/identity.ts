/** `-u`: drops root's rights for a user's, after all work that needs root. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartError } from './errors.js';

// Node's types leave it out.
declare global {
  namespace NodeJS {
    interface Process {
      initgroups(user: string, extraGroup: number): void;
    }
  }
}

export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user to become; null when no user is set, or the process is not root, as in memcached. */
export function identityFor(user: string | null): Identity | null {
  if (user === null || process.getuid?.() !== 0) return null;
  // A directory service's users are not in the file, but getent knows them.
  const identity =
    identityIn(passwdFile(), user) ??
    identityIn(spawnSync('getent', ['passwd', user], { encoding: 'utf8' }).stdout ?? '', user);
  if (identity === null) throw new StartError(`-u ${user}: there is no such user`);
  return identity.uid === 0 ? null : identity;
}

/** Does `work` with the user's rights, and goes back to root's. */
export async function asUser<T>(identity: Identity | null, work: () => Promise<T>): Promise<T> {
  if (identity === null) return await work();
  takeOn(identity, (uid, gid) => {
    process.setegid!(gid);
    process.seteuid!(uid);
  });
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.initgroups('root', 0);
  }
}

/** Gives up root's rights for good. */
export function become(identity: Identity): void {
  takeOn(identity, (uid, gid) => {
    process.setgid!(gid);
    process.setuid!(uid);
  });
}

function takeOn({ name, uid, gid }: Identity, change: (uid: number, gid: number) => void): void {
  try {
    process.initgroups(name, gid);
    change(uid, gid);
  } catch (error) {
    throw new StartError(`-u ${name}: cannot take on that user's rights: ${(error as Error).message}`);
  }
}

function passwdFile(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

/** A user by name or number, from lines as in /etc/passwd. */
export function identityIn(passwd: string, user: string): Identity | null {
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === undefined || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) continue;
    if (name === user || uid === user) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return null;
}
