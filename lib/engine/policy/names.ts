/** The names of the eviction policies. */

/**
 * Who leaves when the cache is full: docs/policies.md says when to choose which.
 *
 * - `lru`: the least recently used entry, exactly.
 * - `sieve`, `s3-fifo`: fewer misses at the same size in most caches, and faster hits.
 * - `w-tinylfu`: the least frequently used of late; for access that is skewed, or goes in loops.
 */
export type Policy = 'lru' | 'sieve' | 's3-fifo' | 'w-tinylfu';

export const POLICY_NAMES: readonly Policy[] = ['lru', 'sieve', 's3-fifo', 'w-tinylfu'];
