/** npm's `memcached` has no types of its own: what the specs use of it. */

declare module 'memcached' {
  type Callback<T> = (error: Error | Error[] | undefined, result: T) => void;

  class Memcached {
    constructor(servers: string | readonly string[], options?: { namespace?: string; timeout?: number });
    set(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
    add(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
    replace(key: string, value: unknown, lifetime: number, callback: Callback<boolean>): void;
    cas(key: string, value: unknown, cas: string, lifetime: number, callback: Callback<boolean>): void;
    append(key: string, value: string, callback: Callback<boolean>): void;
    prepend(key: string, value: string, callback: Callback<boolean>): void;
    get(key: string, callback: Callback<unknown>): void;
    gets(key: string, callback: Callback<Record<string, unknown> & { cas: string }>): void;
    getMulti(keys: readonly string[], callback: Callback<Record<string, unknown>>): void;
    incr(key: string, delta: number, callback: Callback<number | false>): void;
    decr(key: string, delta: number, callback: Callback<number | false>): void;
    touch(key: string, lifetime: number, callback: Callback<boolean>): void;
    del(key: string, callback: Callback<boolean>): void;
    flush(callback: Callback<unknown[]>): void;
    version(callback: Callback<{ version: string }[]>): void;
    stats(callback: Callback<Record<string, string | number>[]>): void;
    settings(callback: Callback<Record<string, string | number>[]>): void;
    items(callback: Callback<Record<string, Record<string, number>>[]>): void;
    slabs(callback: Callback<Record<string, Record<string, number> | string>[]>): void;
    cachedump(
      server: string,
      slab: number,
      limit: number,
      callback: Callback<{ key: string; b: number; s: number }[]>,
    ): void;
    end(): void;
  }

  export default Memcached;
}
