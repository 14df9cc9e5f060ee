import type { Deviation, Key, PreparedKey, Scheme } from './scheme.js';

/**
 * A scheme whose provider makes different keys of one secret and does not say which of them signed: any will do, and a
 * fresh signature is made with each. The header must hold several signatures.
 *
 * @param scheme prepares the first key, and does everything else
 * @param others prepare the further keys; what cannot be a key of theirs is none
 * @example withAlternativeKeys(standardWebhooks({ secret: { decode: 'text' } }), standardWebhooks())
 */
export function withAlternativeKeys<Material>(
  scheme: Scheme<Material> & Required<Pick<Scheme<Material>, 'sign'>>,
  ...others: readonly Pick<Scheme<Material>, 'prepareKey'>[]
): Scheme<readonly Material[]> {
  const { otherwise, ...same } = scheme;
  return {
    ...same,
    prepareKey: (plainSecret) => {
      const [first, ...further] = [scheme, ...others].map(({ prepareKey }) => prepareKey(plainSecret));
      const materials = [first, ...further].flatMap(materialOf);
      return materials.length === 0 && first?.ok === false ? first : { ok: true, material: materials };
    },
    verify: (request, keys, clock, published) => scheme.verify(request, singleKeys(keys), clock, published),
    sign: (request, keys, clock) => scheme.sign(request, singleKeys(keys), clock),
    ...(otherwise === undefined
      ? {}
      : { otherwise: (deviation: Deviation) => onlyKey(otherwise(deviation)) }),
  };
}

/** Whoever says how the key is made of the secret makes one key. */
function onlyKey<Material>(scheme: Scheme<Material>): Scheme<readonly Material[]> {
  const { name, signatureHeaders, signsTimestamp, defaultToleranceSeconds, secretUse } = scheme;
  return {
    name,
    signatureHeaders,
    signsTimestamp,
    defaultToleranceSeconds,
    secretUse,
    prepareKey: (plainSecret) => {
      const prepared = scheme.prepareKey(plainSecret);
      return prepared.ok ? { ok: true, material: [prepared.material] } : prepared;
    },
    verify: (request, keys, clock, published) => scheme.verify(request, singleKeys(keys), clock, published),
  };
}

function singleKeys<Material>(keys: readonly Key<readonly Material[]>[]): readonly Key<Material>[] {
  return keys.flatMap(({ id, material }) => material.map((each) => ({ id, material: each })));
}

function materialOf<Material>(prepared: PreparedKey<Material> | undefined): readonly Material[] {
  return prepared?.ok === true ? [prepared.material] : [];
}
