/** Keyv's own suite, as it is published. */

import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import * as test from 'vitest';
import { Keyv, store } from './stores.mjs';

keyvTestSuite(test, Keyv, store);
keyvIteratorTests(test, Keyv, store);
