import { expect, it } from 'vitest';
import { CacheEngine } from '../../lib/index.js';
import { createTcpServer } from '../../lib/tcp/index.js';

it('a server takes any CacheEngine, and nothing else', () => {
  createTcpServer(new CacheEngine<string, object>({ sizeOf: () => 1 }));
  for (const other of [{}, new Map(), null, undefined])
    expect(() => createTcpServer(other as CacheEngine<string, unknown>)).toThrow(
      expect.objectContaining({
        code: 'HOTSET_INVALID_ARGUMENT',
        message: expect.stringMatching(/^engine takes a CacheEngine or a SharedStore; got /),
      }),
    );
});
