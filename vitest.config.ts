import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Specs that run over either store: see spec/support/stores.ts. Those that take a store by name are not among them. */
const ON_PAGES = [
  'spec/memcached/{bounded-work,clock-steps,delayed-flush,late-values}.spec.ts',
  'spec/memcached/{admin,watch}/*.spec.ts',
  'spec/differential/differential.spec.ts',
  'spec/http/answers.spec.ts',
  'spec/tcp/{closing,clock-steps,connection-*,direct-reads,dump,hostile-clients,idle-timeout,interleaving}.spec.ts',
  'spec/tcp/{shared-reads,sharing,sizes,slow-reader,soak,traffic-stats,unread-replies,watch}.spec.ts',
  'spec/websocket/{closing,frames,hostile-clients,limits,memcached,stats}.spec.ts',
  'spec/websocket/rpc/**/*.spec.ts',
];

const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: 'spec/support/build.ts',
    // Real clients start interpreters and servers, on machines that may be slow.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    projects: [
      { extends: true, test: { name: 'engine', include: ['spec/**/*.spec.ts'] } },
      { extends: true, test: { name: 'pages', include: ON_PAGES, env: { HOTSET_STORE: 'pages' } } },
    ],
  },
});

export default config;
