import type { HeaderPairs, Scheme, SignedRequest } from '#signatures';
import { keyOf } from './conformance.fixture.js';
import { schemeOf as schemeOfPreset } from './configure.js';
import { findPreset } from './index.js';
import { BODIES, type Peer, valueOf } from './official-peers.fixture.js';
import { FIELD_PEERS } from './official-peers-fields.fixture.js';
import { HMAC_PEERS } from './official-peers-hmac.fixture.js';
import { KEY_PEERS } from './official-peers-keys.fixture.js';
import { STANDARD_PEERS } from './official-peers-standard.fixture.js';

// `@upstash/qstash` is a peer too, in qstash.spec.ts. The libraries look at the machine's clock, so everything here happens
// now. What was checked without becoming a dependency is listed in docs/providers-peers.md.
const PEERS: readonly Peer[] = [...STANDARD_PEERS, ...HMAC_PEERS, ...FIELD_PEERS, ...KEY_PEERS];

const REFUSALS_OF_TIME = ['timestamp_outside_tolerance', 'claim_invalid'];

function schemeOf({ id, config }: Peer): Scheme {
  const preset = findPreset(id);
  if (preset === null) throw new Error(`no preset ${id}`);
  return config === undefined ? preset.scheme : schemeOfPreset(preset, config);
}

/** The received headers with fresh ones in the place of those of the same name: a redelivery. */
function redelivered(request: SignedRequest, fresh: HeaderPairs): SignedRequest {
  const names = fresh.map(([name]) => name.toLowerCase());
  const kept = request.headers.filter(([name]) => !names.includes(name.toLowerCase()));
  return { ...request, headers: [...kept, ...fresh] };
}

/** Both sides of one peer, with whatever they need. */
function sidesOf(peer: Peer) {
  const scheme = schemeOf(peer);
  const keys = [keyOf(scheme, peer.otherSecret, 'other'), keyOf(scheme, peer.secret, 'right')];
  const published = (address: string) => {
    const text = peer.published?.[address];
    return Promise.resolve(text === undefined ? null : Buffer.from(text));
  };
  const unsigned = (body: string, nowMs: number) => {
    const request: SignedRequest = {
      method: 'POST',
      url: peer.url ?? 'https://inbox.example/in/acme/peer',
      headers: peer.headers ?? [],
      body: Buffer.from(body.replace('{now}', String(nowMs))),
    };
    return peer.prepare?.(request) ?? request;
  };
  const signedAgain = async (request: SignedRequest, nowMs = Date.now()) => {
    const fresh = await scheme.sign?.(request, [keyOf(scheme, peer.secret)], { nowMs });
    return redelivered(request, fresh ?? []);
  };
  return {
    scheme,
    signedAgain,
    signedByUs: (body: string, nowMs = Date.now()) => signedAgain(unsigned(body, nowMs), nowMs),
    signedByThem: async (body: string, nowMs = Date.now(), secret = peer.secret) => {
      const request = await peer.sign?.(unsigned(body, nowMs), secret, nowMs);
      if (request === undefined) throw new Error('nobody signs for this provider');
      return request;
    },
    /** The key that vouches for the request, or why there is none. */
    ours: async (request: SignedRequest, nowMs = Date.now()) => {
      const verdict = await scheme.verify(request, keys, { nowMs }, published);
      return verdict.ok ? verdict.keyId : verdict.reason;
    },
    theirs: async (request: SignedRequest, secret = peer.secret) => {
      try {
        // What a library returns counts only where it says no: many return the parsed body.
        const answer: unknown = await peer.accepts(request, secret);
        return answer !== false && answer !== null;
      } catch {
        return false;
      }
    },
  };
}

function alteredBody(request: SignedRequest): SignedRequest {
  const text = request.body.toString('latin1').replace('paid', 'void');
  return { ...request, body: Buffer.from(text, 'latin1') };
}

describe.each(PEERS.map((peer) => [peer.library, peer.id, peer] as const))(
  '%s and %s',
  (_library, _id, peer) => {
    const { scheme, ours, theirs, signedByUs, signedByThem, signedAgain } = sidesOf(peer);
    const { bodies = BODIES } = peer;
    const [first = ''] = bodies;
    const isSignedByUs = scheme.sign !== undefined;
    const genuine = peer.sign === undefined ? signedByUs : signedByThem;

    test.each(bodies)(
      'both accept what the provider would send, under the right secret only: %.40j',
      async (body) => {
        const request = await genuine(body);
        expect(await ours(request)).toBe('right');
        expect(await theirs(request)).toBe(true);
        expect(await theirs(request, peer.otherSecret)).toBe(false);
      },
    );

    if (isSignedByUs)
      test.each(bodies)(
        'the library accepts what we sign, under the right secret only: %.40j',
        async (body) => {
          const request = await signedByUs(body);
          expect(await theirs(request)).toBe(true);
          expect(await theirs(request, peer.otherSecret)).toBe(false);
          expect(await ours(request)).toBe('right');
        },
      );

    test('both refuse an altered request, and one without its signature', async () => {
      const request = await genuine(first);
      const names = scheme.signatureHeaders.map((name) => name.toLowerCase());
      const headers = request.headers.filter(([name]) => !names.includes(name.toLowerCase()));
      const isInHeader = headers.length < request.headers.length;
      for (const wrong of [
        peer.alter?.(request) ?? alteredBody(request),
        ...(isInHeader ? [{ ...request, headers }] : []),
      ]) {
        expect(wrong).not.toEqual(request);
        expect(['right', 'other']).not.toContain(await ours(wrong));
        expect(await theirs(wrong)).toBe(false);
      }
    });

    if (peer.sign !== undefined)
      test('both refuse what somebody else signed', async () => {
        const stranger = await signedByThem(first, Date.now(), `${peer.secret.slice(0, -4)}AAA=`);
        expect(['right', 'other']).not.toContain(await ours(stranger));
        expect(await theirs(stranger)).toBe(false);
      });

    if (peer.sign !== undefined && isSignedByUs)
      test('the library accepts what we sign again for a redelivery, under the id that came', async () => {
        const longAgo = await signedByThem(first, Date.now() - 7 * 24 * 3600 * 1000);
        const again = await signedAgain(longAgo);
        expect(await theirs(again)).toBe(true);
        for (const name of ['webhook-id', 'svix-id', 'Finch-Event-Id'])
          expect(valueOf(again, name)).toBe(valueOf(longAgo, name));
      });

    const { defaultToleranceSeconds } = scheme;
    if (scheme.signsTimestamp && defaultToleranceSeconds !== null)
      test('both refuse a request that is too old, and we one from the future', async () => {
        const beyondMs = (defaultToleranceSeconds + 120) * 1000;
        const old = await genuine(first, Date.now() - beyondMs);
        expect(REFUSALS_OF_TIME).toContain(await ours(old));
        if (peer.judgesAge === true) expect(await theirs(old)).toBe(false);
        expect(REFUSALS_OF_TIME).toContain(await ours(await genuine(first, Date.now() + beyondMs)));
      });
  },
);
