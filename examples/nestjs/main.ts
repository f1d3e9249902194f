/**
 * NestJS with `@nestjs/cache-manager`: responses and values in a cache with a budget in bytes.
 *
 *   npm install @nestjs/common @nestjs/core @nestjs/platform-express @nestjs/cache-manager cache-manager keyv reflect-metadata rxjs
 *   PORT=8080 npx tsx main.ts      # or as part of a project made by `nest new`
 */

import 'reflect-metadata';
import { CACHE_MANAGER, CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Cache } from 'cache-manager';
import { CacheEngine } from 'hotset';
import { KeyvHotset } from 'hotset/keyv';
import { Keyv } from 'keyv';

@Controller()
export class AppController {
  renders = 0;

  @Inject(CACHE_MANAGER)
  private readonly cache!: Cache;

  @Get('page')
  @UseInterceptors(CacheInterceptor)
  page() {
    return { renders: ++this.renders };
  }

  @Get('value')
  async value() {
    return this.cache.wrap('value', async () => ({ madeAt: Date.now() }), 60_000);
  }
}

@Module({
  imports: [
    CacheModule.register({
      ttl: 60_000,
      stores: [new Keyv({ store: new KeyvHotset(new CacheEngine<string, unknown>({ maxBytes: '64MiB' })) })],
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
console.log(await app.getUrl());
