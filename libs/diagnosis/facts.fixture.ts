import { findPreset, schemeOf } from '#providers';
import type { HeaderPairs, Scheme, SignedRequest } from '#signatures';
import { Budget } from './budget.js';
import { diagnose } from './diagnose.js';
import type { Diagnosis, DiagnosisFacts, KnownSecret, Refused } from './refused.js';

export const NOW_MS = 1_790_000_000_000;
export const TOLD = 'https://hooks.example.com/in/acme/orders';

/** A secret of the source's own, unless `fields` say otherwise. */
export function aSecret(plainSecret: string, fields: Partial<KnownSecret> = {}): KnownSecret {
  return {
    id: `key-of-${plainSecret.length}-${plainSecret.slice(-3)}`,
    label: 'Production',
    use: 'signature',
    standing: 'active',
    sourceSlug: 'orders',
    isSourceDeleted: false,
    expiresAtMs: null,
    plainSecret,
    credential: null,
    ...fields,
  };
}

interface World {
  readonly provider: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly secrets: readonly KnownSecret[];
}

/** A source with these secrets. */
export function factsOf({ provider, config = {}, secrets }: World): DiagnosisFacts {
  const preset = findPreset(provider);
  if (preset === null) throw new Error(`no preset ${provider}`);
  const scheme = schemeOf(preset, config);
  const active = secrets.filter(({ standing, use }) => standing === 'active' && use === 'signature');
  return {
    preset,
    scheme,
    toleranceSeconds: undefined,
    keys: active.map((secret) => ({ id: secret.id, material: materialOf(scheme, secret) })),
    maxBodyBytes: 1_000_000,
    secrets: () => Promise.resolve(secrets),
    showUrl: (url) => url,
  };
}

function materialOf(scheme: Scheme, { plainSecret, credential }: KnownSecret): unknown {
  if (plainSecret === null) return credential;
  const prepared = scheme.prepareKey(plainSecret);
  if (!prepared.ok) throw new Error(prepared.problem);
  return prepared.material;
}

/** A POST to the URL that the sender was told. */
export function aRequest(body: string | Buffer, headers: HeaderPairs = [], url = TOLD): SignedRequest {
  return {
    method: 'POST',
    url,
    headers: [['Content-Type', 'application/json'], ...headers],
    body: Buffer.from(body),
  };
}

/** Refuses a request as the inbox would, and asks why; throws when it is not refused at all. */
export async function diagnosed(
  facts: DiagnosisFacts,
  request: SignedRequest,
  budget?: Budget,
): Promise<Diagnosis & { readonly reason: Refused['reason'] }> {
  const verdict =
    facts.keys.length === 0
      ? ({ ok: false, reason: 'no_secret' } as const)
      : await facts.scheme.verify(request, facts.keys, { nowMs: NOW_MS }, facts.published);
  if (verdict.ok) throw new Error('this request would have been accepted');
  const refused: Refused = { reason: verdict.reason, request, receivedAtMs: NOW_MS };
  return { ...(await diagnose(refused, facts, budget)), reason: verdict.reason };
}
