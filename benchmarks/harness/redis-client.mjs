/** The client that hotset is made for: the project's own, and not the older one that another contender brings. */

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../package.json', import.meta.url));

/** @type {any} */
export const { BasicClientSideCache, createClient } = require('@redis/client');
