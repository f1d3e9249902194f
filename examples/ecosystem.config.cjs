/** PM2: one process serves the cache on a Unix socket, and a cluster of the same program the web. `pm2 start ecosystem.config.cjs` */

const CACHE_SOCKET = '/tmp/hotset-shop.sock';

module.exports = {
  apps: [
    {
      name: 'shop-cache',
      script: 'workers.mjs',
      env: { ROLE: 'cache', CACHE_SOCKET },
      // No "cluster" here: there is one cache. A reload empties it, and the web asks the database meanwhile.
      exec_mode: 'fork',
      instances: 1,
      kill_timeout: 6000,
    },
    {
      name: 'shop-web',
      script: 'workers.mjs',
      env: { ROLE: 'web', CACHE_SOCKET, PORT: '3000' },
      exec_mode: 'cluster',
      instances: 'max',
    },
  ],
};
