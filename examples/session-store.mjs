/**
 * Sessions of Express in a cache with a budget in bytes.
 *
 *   npm install express express-session
 *   PORT=8080 node session-store.mjs
 *   curl -c jar -b jar http://127.0.0.1:8080/
 */

import express from 'express';
import session from 'express-session';
import { CacheEngine } from 'hotset';
import { HotsetSessionStore } from 'hotset/express-session';

const { PORT = '8080', SECRET = 'of your own' } = process.env;

const app = express();
app.use(
  session({
    store: new HotsetSessionStore(new CacheEngine({ maxBytes: '256MiB' })),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 3_600_000 },
  }),
);
app.get('/', (request, response) => {
  request.session.visits = (request.session.visits ?? 0) + 1;
  response.send(`visit ${request.session.visits}\n`);
});

const server = app.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);
