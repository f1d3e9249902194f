/** Each is made for a budget in bytes. A process loads one of them alone. */

export const NOTHING = 'nothing is kept';
export const HOTSET = 'hotset, maxBytes';
export const LRU_CACHE = 'lru-cache, maxSize';

export const churnContenders = {
  [NOTHING]: async () => ({ set() {} }),
  [HOTSET]: async (maxBytes) => {
    const { CacheEngine } = await import('../../dist/index.js');
    return new CacheEngine({ maxBytes });
  },
  /** Given what people give it for a size: the length of the text, or of the JSON. */
  [LRU_CACHE]: async (maxSize) => {
    const { LRUCache } = await import('lru-cache');
    const sizeCalculation = (value) =>
      typeof value === 'string' ? value.length : JSON.stringify(value).length;
    return new LRUCache({ maxSize, sizeCalculation });
  },
};
