import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SETTINGS, type Settings } from '#config';
import { Changes } from './changes.js';
import { createDataSourceOptions } from './connect.js';
import { Database } from './database.js';
import { DiskSpace } from './disk-space.js';

/** The database of this process, for every other module. */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [SETTINGS],
      useFactory: (settings: Settings) => ({
        ...createDataSourceOptions(settings.databaseUrl ?? '', settings.processes),
        autoLoadEntities: true,
        retryAttempts: 3,
        retryDelay: 1_000,
      }),
    }),
  ],
  providers: [Database, Changes, DiskSpace],
  exports: [Database, Changes, DiskSpace],
})
export class DatabaseModule {}
