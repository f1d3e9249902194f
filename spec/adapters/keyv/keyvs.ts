/** Keyv 5 and 6, with what they have in common. */

import { Keyv as Keyv6 } from 'keyv';
import { Keyv as Keyv5 } from 'keyv-5';

export interface AnyKeyv {
  namespace: string | undefined;
  get(key: string): Promise<unknown>;
  get(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<boolean>;
  setMany(entries: { key: string; value: unknown; ttl?: number }[]): Promise<boolean[]>;
  has(key: string): Promise<boolean>;
  hasMany(keys: string[]): Promise<boolean[]>;
  delete(key: string): Promise<boolean>;
  delete(keys: string[]): Promise<unknown>;
  clear(): Promise<void>;
  disconnect(): Promise<void>;
  on(event: string, listener: (...args: never[]) => void): unknown;
  iterator?(argument?: unknown): AsyncGenerator<[string, unknown]>;
}

interface Options {
  readonly store: unknown;
  readonly namespace?: string;
  readonly ttl?: number;
  /** Hands values over as they are. */
  readonly plain?: boolean;
}

function keyv5({ plain, ...options }: Options): AnyKeyv {
  const keyv = new Keyv5(options);
  if (plain === true) Object.assign(keyv, { serialize: undefined, deserialize: undefined });
  return keyv as unknown as AnyKeyv;
}

function keyv6({ plain, ...options }: Options): AnyKeyv {
  const keyv = new Keyv6(plain === true ? { ...options, serialization: false } : options);
  return keyv as unknown as AnyKeyv;
}

export interface KeyvVersion {
  readonly name: string;
  readonly version: 5 | 6;
  readonly make: (options: Options) => AnyKeyv;
  /** What it puts before keys when it has no namespace of its user's. */
  readonly own: string;
}

export const KEYVS: readonly KeyvVersion[] = [
  { name: 'Keyv 5', version: 5, make: keyv5, own: 'keyv::keyv:' },
  { name: 'Keyv 6', version: 6, make: keyv6, own: '' },
];
