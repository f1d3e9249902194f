import { CacheEngine } from 'hotset';
import { HotsetClient } from 'hotset/client';
import { KeyvHotset } from 'hotset/keyv';
import { LoadingCache } from 'hotset/loading';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv-6';

const untyped = new KeyvHotset(new CacheEngine());
const typed = new KeyvHotset(new CacheEngine<string, string>({ maxBytes: '1MiB' }), { namespace: 'users' });
const loading = new KeyvHotset(new LoadingCache(new CacheEngine<string, { value: string }>()), {
  load: async (key, { signal }) => (signal.aborted ? undefined : key),
});
const remote = new KeyvHotset(new HotsetClient('ws://127.0.0.1:1/ws'));

export const five: Keyv5[] = [
  new Keyv5({ store: untyped }),
  new Keyv5(typed),
  new Keyv5(loading),
  new Keyv5(remote),
];
export const six: Keyv6[] = [
  new Keyv6({ store: untyped }),
  new Keyv6(typed),
  new Keyv6(loading),
  new Keyv6(remote),
];
export const perKey: Promise<boolean[]> = typed.deleteMany(['a']);
