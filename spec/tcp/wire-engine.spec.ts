import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer, createWireEngine, type WireEngine } from '../../lib/tcp/index.js';

it('a server takes only an engine that was made for the wire', () => {
  createTcpServer(createWireEngine());
  for (const other of [new CacheEngine(), {}, null, undefined])
    expect(() => createTcpServer(other as WireEngine)).toThrow(
      expect.objectContaining({ code: 'HOTSET_INVALID_ARGUMENT' }),
    );
});
