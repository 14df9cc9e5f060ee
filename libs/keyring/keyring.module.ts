import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SETTINGS, type Settings } from '#config';
import { Keyring } from './keyring.js';

/** Opens the keyring before anything that needs it is made. */
@Global()
@Module({
  providers: [
    {
      provide: Keyring,
      inject: [DataSource, SETTINGS],
      useFactory: (dataSource: DataSource, settings: Settings) =>
        Keyring.open(dataSource, settings.masterKeys ?? []),
    },
  ],
  exports: [Keyring],
})
export class KeyringModule {}
