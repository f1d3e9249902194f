/**
 * A limit of requests for each client. With `HOTSET_URL` (`hotset --http 11280`) all processes count together.
 *
 *   npm install express express-rate-limit
 *   PORT=8080 node rate-limiter.mjs
 *   HOTSET_URL=ws://127.0.0.1:11280/ws PORT=8081 node rate-limiter.mjs
 */

import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { HotsetRateLimitStore } from 'hotset/express-rate-limit';

const { PORT = '8080', HOTSET_URL } = process.env;

const cache = HOTSET_URL ? new HotsetClient(HOTSET_URL) : new CacheEngine({ maxBytes: '16MiB' });

const app = express();
app.use(rateLimit({ windowMs: 60_000, limit: 3, store: new HotsetRateLimitStore(cache) }));
app.get('/', (_request, response) => response.send('hello\n'));

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
