/** Every method of hotset.v1, by name: a Map, in which no name is special. */

import type { Method } from './method.js';
import { READS } from './reads.js';
import { SUBSCRIBING } from './subscribing.js';
import { VIEWS } from './views.js';
import { WRITES } from './writes.js';

export const METHODS: ReadonlyMap<string, Method> = new Map(
  [READS, WRITES, SUBSCRIBING, VIEWS].flatMap((methods) => Object.entries(methods)),
);
