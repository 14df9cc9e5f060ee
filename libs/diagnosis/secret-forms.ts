import type { SecretFormat } from '#signatures';

/** A key that somebody may have made of the text of a secret. */
export interface SecretForm {
  /** Completes “The signature fits the secret …”. */
  readonly how: string;
  readonly format: SecretFormat;
}

const ANY_LENGTH = { minimumBytes: 1, maximumBytes: 4_096 } as const;

const form = (how: string, make: (text: string) => string | Buffer): SecretForm => ({
  how,
  format: { ...ANY_LENGTH, derive: (secret) => Buffer.from(make(secret.toString())) },
});

/** `whsec_`, `v1,whsec_`, `sig_`, `whpk_`. */
const withoutPrefix = (text: string): string => text.replace(/^(?:v1,)?[a-z]{2,8}_/, '');

/** What programs take for the key, the likeliest first; what a scheme does itself is among them. */
export const SECRET_FORMS: readonly SecretForm[] = [
  form('decoded from base64, without its prefix', (text) => Buffer.from(withoutPrefix(text), 'base64')),
  form('as the text it is, prefix included and not decoded', (text) => text),
  form('without its prefix, not decoded', withoutPrefix),
  form('with a newline at its end', (text) => `${text}\n`),
  form('decoded from hex', (text) => Buffer.from(withoutPrefix(text), 'hex')),
  form('decoded from base64, prefix included', (text) => Buffer.from(text, 'base64')),
  form('with whsec_ in front of it', (text) => `whsec_${text}`),
  form('with a CRLF at its end', (text) => `${text}\r\n`),
  form('with a space at its end', (text) => `${text} `),
  form('in quotation marks', (text) => `"${text}"`),
  form('without its prefix and with a newline at its end', (text) => `${withoutPrefix(text)}\n`),
  form('with a space in front of it', (text) => ` ${text}`),
  form('with a tab at its end', (text) => `${text}\t`),
  form('in single quotation marks', (text) => `'${text}'`),
  form('written in base64', (text) => Buffer.from(text).toString('base64')),
];
