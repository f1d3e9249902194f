/** A Nest application with the CacheInterceptor and an injected cache, as in Nest's documentation. */

import 'reflect-metadata';
import {
  CACHE_MANAGER,
  type Cache,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
} from '@nestjs/cache-manager';
import {
  Controller,
  Get,
  type INestApplication,
  Inject,
  Module,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheEngine } from 'hotset';
import { KeyvHotset } from 'hotset/keyv';
import { afterAll, beforeAll, expect, it } from 'vitest';

let nowMs = 0;
const engine = new CacheEngine<string, unknown>({ maxBytes: '1MiB', clock: { now: () => nowMs } });
let answers = 0;

@Controller('cats')
@UseInterceptors(CacheInterceptor)
class CatsController {
  @Inject(CACHE_MANAGER) private readonly cache!: Cache;

  @Get()
  findAll(): object {
    return { answer: ++answers };
  }

  @Get('short')
  @CacheKey('short-lived')
  @CacheTTL(30_000)
  findShort(): object {
    return { answer: ++answers };
  }

  @Post('forget')
  async forget(): Promise<object> {
    await this.cache.clear();
    return { forgotten: true };
  }

  @Get('count')
  async count(): Promise<object> {
    const seen = await this.cache.get<number>('seen');
    await this.cache.set('seen', (seen ?? 0) + 1);
    return { seen };
  }
}

@Module({
  imports: [
    CacheModule.registerAsync({
      useFactory: () => ({ stores: [new KeyvHotset(engine)], ttl: 60_000 }),
    }),
  ],
  controllers: [CatsController],
})
class AppModule {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

async function get(path: string): Promise<readonly [unknown, string | null]> {
  const response = await fetch(url + path);
  return [await response.json(), response.headers.get('x-cache')];
}

it('answers from the engine, for each URL', async () => {
  expect(await get('/cats')).toEqual([{ answer: 1 }, 'MISS']);
  expect(await get('/cats')).toEqual([{ answer: 1 }, 'HIT']);
  expect(await get('/cats?page=2')).toEqual([{ answer: 2 }, 'MISS']);
  expect(engine.remainingTtlMs('/cats')).toBe(60_000);
});

it('takes keys and TTLs from decorators', async () => {
  expect(await get('/cats/short')).toEqual([{ answer: 3 }, 'MISS']);
  expect(await get('/cats/short')).toEqual([{ answer: 3 }, 'HIT']);
  expect(engine.remainingTtlMs('short-lived')).toBe(30_000);
  nowMs = 30_000;
  expect(await get('/cats/short')).toEqual([{ answer: 4 }, 'MISS']);
});

it('injects the cache', async () => {
  await get('/cats/count');
  expect(engine.has('seen')).toBe(true);
  await fetch(`${url}/cats/forget`, { method: 'POST' });
  expect(engine.size).toBe(0);
  expect(await get('/cats')).toEqual([{ answer: 5 }, 'MISS']);
});
