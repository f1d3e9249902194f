/** Methods that tell of the cache and its entries without their values. They change neither order nor statistics. */

import { type Method, method } from './method.js';

export const VIEWS: Readonly<Record<string, Method>> = {
  ping: method('metadata', {}, () => '"pong"'),
};
