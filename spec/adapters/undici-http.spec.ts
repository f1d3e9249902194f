/** Real requests to a real server through undici's cache interceptor: undici 7 on every Node, 8 on those that it takes. */

import { expect, it } from 'vitest';
import { HAS_OTHER_NODES, NODES, runChild } from '../weigh/node-versions.js';

const CASES = NODES.flatMap(([version, path]) =>
  ['undici', ...(Number.parseInt(version.slice(1), 10) >= 22 ? ['undici-8'] : [])].map(
    (library) => [library, version, path] as const,
  ),
);

it.each(CASES)('%s on Node %s', (library, _version, path) => {
  const passed = runChild<string[]>(path, 'spec/adapters/undici-child.mjs', [], library);
  expect(passed.length).toBe(34);
});

it.skipIf(HAS_OTHER_NODES)(
  'undici 8 is skipped: it needs Node 22, and HOTSET_NODES names none',
  ({ skip }) => {
    skip();
  },
);
