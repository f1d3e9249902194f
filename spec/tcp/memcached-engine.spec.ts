import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createMemcachedEngine, type MemcachedEngine } from '../../lib/memcached/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';

it('a server takes only an engine that was made for the wire', () => {
  createTcpServer(createMemcachedEngine());
  for (const other of [new CacheEngine(), {}, null, undefined])
    expect(() => createTcpServer(other as MemcachedEngine)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
});
