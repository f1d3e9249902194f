/** Connections are as many as there are files for, beside those that the server needs for itself. */

import { expect, it } from 'vitest';
import { fileLimit, fitConnections } from '../../lib/cli/file-limit.js';

const limits = (max: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax processes             7 7 processes\nMax open files            ${max.padEnd(20)} ${max.padEnd(20)} files\n`;

it('knows the limit, where there is one', () => {
  expect(fileLimit(limits('1056'))).toBe(1056);
  expect(fileLimit(limits('unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(fileLimit('')).toBe(Number.POSITIVE_INFINITY);
});

it('lowers what does not fit, and says so', () => {
  expect(fitConnections(1024, 0, 1056)).toEqual({ tcp: 1024, http: 0, warning: null });
  expect(fitConnections(1025, 0, 1056)).toEqual({
    tcp: 1024,
    http: 0,
    warning:
      '-c 1025 is more than there are files for: connections are limited to 1024, as this process may open 1056 files (ulimit -n) and keeps 32 for itself',
  });
  expect(fitConnections(1024, 2048, 1056)).toMatchObject({ tcp: 768, http: 256 });
  expect(fitConnections(50, 2048, 1056)).toMatchObject({ tcp: 50, http: 974 });
  expect(fitConnections(1024, 0, 33)).toMatchObject({ tcp: 1 });
  expect(fitConnections(1024, 0, 32)).toBeNull();
});
