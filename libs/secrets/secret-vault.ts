import { Injectable } from '@nestjs/common';
import { newId, Overloaded } from '#database';
import { problem } from '#errors';
import { Keyring } from '#keyring';
import type { Credential } from '#signatures';
import { TenantKeys } from '#tenants';
import type { CallbackSecret } from './callback-secret.entity.js';
import { credentialOf, hashSecret, keyedVerifier } from './compared-secret.js';
import type { PlainSecret } from './plain-secret.js';

const PLACE = 'callback_secrets.ciphertext';

/** A new secret in the forms it may be stored in, under the id that they are bound to. */
export interface SealedSecret {
  readonly id: string;
  readonly ciphertext: Buffer;
  /** `null` where nobody asked for it. */
  readonly verifier: string | null;
}

/** What a stored secret is good for: its text, or, where that is not kept, a credential to ask. */
export interface OpenedSecret {
  readonly plainSecret: string | null;
  readonly credential: Credential | null;
}

/** How callback secrets lie in the database, and how they come out of it. */
@Injectable()
export class SecretVault {
  constructor(
    private readonly tenantKeys: TenantKeys,
    private readonly keyring: Keyring,
  ) {}

  /** To be called before a transaction begins: argon2id takes its time, and the tenant's key another connection. */
  async seal(tenantId: string, plain: PlainSecret, mayBeCompared: boolean): Promise<SealedSecret> {
    const id = newId();
    const dataKey = await this.tenantKeys.open(tenantId);
    return {
      id,
      ciphertext: dataKey.encrypt(PLACE, id, plain.text),
      verifier: mayBeCompared ? await this.verifierOf(tenantId, id, plain) : null,
    };
  }

  /** What opens the secrets of a tenant. */
  async opener(tenantId: string): Promise<(secret: CallbackSecret) => OpenedSecret> {
    const dataKey = await this.tenantKeys.open(tenantId);
    return ({ id, ciphertext, verifier }) => ({
      plainSecret: ciphertext && dataKey.decrypt(PLACE, id, ciphertext).toString('utf8'),
      credential:
        verifier === null
          ? null
          : credentialOf(verifier, (presented) => this.keyedHash(tenantId, id, presented)),
    });
  }

  private async verifierOf(
    tenantId: string,
    id: string,
    { text, isGenerated }: PlainSecret,
  ): Promise<string> {
    const digest = this.keyedHash(tenantId, id, text);
    if (isGenerated) return keyedVerifier(digest);
    try {
      return await hashSecret(digest);
    } catch (error) {
      throw error instanceof Overloaded ? problem('unavailable') : error;
    }
  }

  /** Bound to its place like a ciphertext: a verifier that was moved to another row matches nothing. */
  private keyedHash(tenantId: string, id: string, text: string): Buffer {
    return this.keyring.hashToken('callback_secrets.verifier', text, [tenantId, id]);
  }
}
