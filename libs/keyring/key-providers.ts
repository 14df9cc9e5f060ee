import { timingSafeEqual } from 'node:crypto';
import type { KeyProviderKind, KeySettings } from '#config';
import { AwsKms } from './aws-kms.js';
import { CannotDecrypt, PREFIX_BYTES } from './envelope.js';
import type { KeyProvider } from './key-provider.js';
import { KeyService, type KeyServiceListener } from './key-service.js';
import { KeyServiceUnavailable } from './key-service-unavailable.js';
import { MasterKey } from './master-key.js';
import { VaultTransit } from './vault-transit.js';

/** All keys of this process that wrap others. The first one wraps; every one unwraps what it has wrapped. */
export class KeyProviders {
  constructor(readonly all: readonly KeyProvider[]) {}

  /** The ones that the settings name, those of `CALLBOX_KEY_PROVIDER` first. */
  static of(settings: KeySettings, tell?: KeyServiceListener): KeyProviders {
    const keysOf: Readonly<Record<KeyProviderKind, KeyProvider[]>> = {
      local: (settings.masterKeys ?? []).map((key) => new MasterKey(key)),
      vault: vaultKeys(settings, tell),
      'aws-kms': kmsKeys(settings, tell),
    };
    const first = keysOf[settings.keyProvider];
    const others = Object.values(keysOf).filter((keys) => keys !== first);
    return new KeyProviders([first, ...others].flat());
  }

  /** The one that wraps. */
  get current(): KeyProvider {
    const [first] = this.all;
    if (first === undefined) throw new Error('There is no key to wrap others with');
    return first;
  }

  isCurrent(wrapped: Buffer): boolean {
    return isUnder(this.current, wrapped);
  }

  /** Wraps a key, and sees that it can be unwrapped again before anybody relies on it. */
  async wrap(key: Buffer, context: readonly string[]): Promise<Buffer> {
    const { current } = this;
    const wrapped = await current.wrap(key, ['master', ...context]);
    const again = await current.unwrap(wrapped, ['master', ...context]).catch((error: unknown) => {
      if (error instanceof CannotDecrypt) return Buffer.alloc(0);
      throw error;
    });
    if (again.length !== key.length || !timingSafeEqual(again, key))
      throw new KeyServiceUnavailable(current.name, 'answer_invalid');
    return wrapped;
  }

  /** Throws {@link CannotDecrypt}, also for what is under a key that is not known here. */
  async unwrap(wrapped: Buffer, context: readonly string[]): Promise<Buffer> {
    const known = this.all.find((candidate) => isUnder(candidate, wrapped));
    if (known === undefined) throw new CannotDecrypt();
    return known.unwrap(wrapped, ['master', ...context]);
  }

  close(): void {
    for (const provider of this.all) provider.close();
  }
}

function isUnder(provider: KeyProvider, wrapped: Buffer): boolean {
  return wrapped.subarray(0, PREFIX_BYTES).equals(provider.prefix);
}

function vaultKeys({ vault }: KeySettings, tell?: KeyServiceListener): KeyProvider[] {
  if (vault === undefined) return [];
  const service = new KeyService('Vault', tell);
  return vault.keys.map((key) => new VaultTransit(service, vault, key));
}

function kmsKeys({ awsKms }: KeySettings, tell?: KeyServiceListener): KeyProvider[] {
  if (awsKms === undefined) return [];
  const service = new KeyService('AWS KMS', tell);
  return awsKms.keyIds.map((keyId) => new AwsKms(service, awsKms, keyId));
}
