import { randomBytes } from 'node:crypto';
import { problem } from '#errors';
import type { SecretHolder, SecretUse } from './secret-use.js';

const GENERATED_BYTES = 32;
const HINT_CHARACTERS = 4;
/** Below that a hint would give away more than half of the secret. */
const LEAST_HINTED_CHARACTERS = 8;
/** What a header field carries unchanged, whoever stands in between. */
const BEARER_TOKEN = /^[\x21-\x7e]{1,512}$/;

/** The text of a new secret. */
export interface PlainSecret {
  readonly text: string;
  /** Made here of 256 random bits; else imported, and perhaps a word that somebody has thought up. */
  readonly isGenerated: boolean;
}

/** The text of a new secret: the imported one, or one that is made here. */
export function newPlainSecret(imported: string | undefined): PlainSecret {
  if (imported !== undefined) return { text: imported, isGenerated: false };
  return { text: `whsec_${randomBytes(GENERATED_BYTES).toString('base64')}`, isGenerated: true };
}

/** Refuses a text that cannot be a secret of this use; the refusal never repeats it. */
export function refuseUnusable(holder: SecretHolder, use: SecretUse, plain: PlainSecret): void {
  const detail = use === 'bearer' ? bearerProblem(holder, plain) : signatureProblem(holder, plain);
  if (detail === null) return;
  throw problem('secret_invalid', detail);
}

/** What is shown of a secret for good: its last 4 characters. */
export function hintOf({ text }: PlainSecret): string {
  return text.length < LEAST_HINTED_CHARACTERS ? '' : text.slice(-HINT_CHARACTERS);
}

function bearerProblem({ bearer }: SecretHolder, { text }: PlainSecret): string | null {
  if (bearer === 'impossible')
    return 'The provider’s own credentials stand in Authorization: its sources have no bearer secret besides';
  return BEARER_TOKEN.test(text)
    ? null
    : 'A bearer token is 1 to 512 printable ASCII characters without spaces';
}

function signatureProblem(
  { scheme, secretSource, bearer }: SecretHolder,
  { text, isGenerated }: PlainSecret,
): string | null {
  if (secretSource === 'none') return 'This provider has no callback secrets';
  if (isGenerated && secretSource === 'imported') {
    const orElse = bearer === 'required' ? '; for a bearer token say use: "bearer"' : '';
    return `This provider makes the secret: give it as plain_secret${orElse}`;
  }
  const prepared = scheme.prepareKey(text);
  return prepared.ok ? null : prepared.problem;
}
