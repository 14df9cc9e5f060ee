import { Global, Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { Database } from '#database';
import { LOGGER, type Logger } from '#logging';
import { KeyProviders } from './key-providers.js';
import { Keyring } from './keyring.js';

/** Opens the keyring before anything that needs it is made. */
@Global()
@Module({
  providers: [
    {
      provide: Keyring,
      inject: [Database, SETTINGS, LOGGER],
      useFactory: (database: Database, settings: Settings, logger: Logger) => {
        const providers = KeyProviders.of(settings, (service, reason) => {
          if (reason === null) logger.info({ service }, 'key_service.recovered');
          else logger.error({ service, reason }, 'key_service.failing');
        });
        return Keyring.open(database, providers);
      },
    },
  ],
  exports: [Keyring],
})
export class KeyringModule {}
