/** What holds for connections over TCP holds over TLS: the same specs once more. */

import { describe } from 'vitest';
import { serveTls } from './fixture.js';

describe('over TLS', async () => {
  serveTls();
  await import('./closing.spec.js');
  await import('./connection-end.spec.js');
  await import('./idle-timeout.spec.js');
  await import('./interleaving.spec.js');
  await import('./sizes.spec.js');
  await import('./slow-reader.spec.js');
  await import('./throwing-listener.spec.js');
  await import('./traffic-stats.spec.js');
});
