import { randomBytes } from 'node:crypto';
import { problem } from '#errors';
import type { Scheme } from '#signatures';

const GENERATED_BYTES = 32;

/** What a secret is for: a source and how its provider signs. */
export interface SecretHolder {
  readonly id: string;
  readonly scheme: Scheme;
  readonly secretSource: 'generated' | 'imported' | 'either' | 'none';
}

/** The plain text of a new secret: the imported one, or one that is made here. Refuses what the scheme cannot use. */
export function plainSecretFor({ scheme, secretSource }: SecretHolder, imported: string | undefined): string {
  if (secretSource === 'none') throw problem('secret_invalid', 'This provider has no callback secrets');
  if (imported === undefined && secretSource === 'imported')
    throw problem('secret_invalid', 'This provider makes the secret: give it as plain_secret');
  const plainSecret = imported ?? `whsec_${randomBytes(GENERATED_BYTES).toString('base64')}`;
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw problem('secret_invalid', prepared.problem);
  return plainSecret;
}
