import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { jwtWithBodyHash, type Scheme, type TokenFacts } from '#signatures';
import { FieldName, HeaderName } from '../generic-settings.js';
import type { ProviderPreset } from '../preset.js';

const LIFETIME_SECONDS = 300;

const Settings = z.strictObject({
  header: HeaderName.default('Authorization'),
  prefix: z.string().max(64).default('Bearer '),
  issuer: z
    .string()
    .min(1)
    .max(256)
    .default('callbox')
    .meta({ description: 'The only accepted value of the claim iss' }),
  body_claim: FieldName.default('body').meta({ description: 'The claim that holds the SHA-256 of the body' }),
  body_encoding: z.enum(['base64url', 'hex']).default('base64url'),
  url_claim: FieldName.optional().meta({ description: 'The claim that must be the ingest URL' }),
});

/** A JSON Web Token (HS256) that holds a hash of the body, for any sender. */
export const jwt: ProviderPreset = {
  id: 'jwt',
  name: 'JWT with a hash of the body (any sender)',
  docsUrl: 'https://www.rfc-editor.org/rfc/rfc7519',
  checkedOn: '2026-11-22',
  confidence: 'verified',
  scheme: schemeOf(Settings.parse({})),
  configuration: { settings: Settings, scheme: (settings) => schemeOf(Settings.parse(settings)) },
  secret: { format: 'any text, used as it stands', source: 'either' },
  setup: [
    'Have the sender POST to {ingest_url} with an HS256 token whose claims are iss, exp and body (base64url SHA-256 of the raw body).',
    'Make a callback secret and give it to the sender, or import the one that the sender has.',
  ],
};

function schemeOf(settings: z.output<typeof Settings>): Scheme {
  const { header, prefix, issuer, body_claim: name, body_encoding: encoding, url_claim: urlClaim } = settings;
  const freshClaims = ({ url, bodyHash, nowSeconds }: TokenFacts): Record<string, string | number> => ({
    iss: issuer,
    iat: nowSeconds,
    exp: nowSeconds + LIFETIME_SECONDS,
    jti: randomUUID(),
    [name]: bodyHash,
    ...(urlClaim === undefined ? {} : { [urlClaim]: url }),
  });
  return jwtWithBodyHash({
    header,
    valuePrefix: prefix,
    issuer,
    bodyClaim: { name, encoding },
    ...(urlClaim === undefined ? {} : { urlClaim }),
    defaultToleranceSeconds: 0,
    freshClaims,
  });
}
