import { describe } from 'vitest';
import { MemoryStore, MemoryTier } from './memory-tier.js';
import { secondTierContract } from './second-tier-contract.js';

describe('the model second tier', () => {
  const tier = new MemoryTier(new MemoryStore(performance));
  secondTierContract({ tier: () => tier });
});
