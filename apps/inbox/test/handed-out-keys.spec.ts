import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { AddressPolicy, DocumentCache, OutboundClient } from '#outbound';
import { jwtByHandedOutKey, parseJson, type PublishedDocuments, type SignedRequest } from '#signatures';

const SECRET = 'a-secret-of-some-length';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A provider that hands out one key, to one customer. */
const seen: { secret: unknown; body: string }[] = [];
let provider: Server;
let client: OutboundClient;
let published: PublishedDocuments;

beforeAll(async () => {
  provider = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ secret: request.headers['x-secret'], body });
      const isKnown = request.headers['x-secret'] === SECRET && body === 'key-1';
      response.writeHead(isKnown ? 200 : 400).end(JSON.stringify(publicKey.export({ format: 'jwk' })));
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  client = new OutboundClient({ policy: new AddressPolicy(['127.0.0.0/8']) });
  const documents = new DocumentCache(client);
  published = (url, wanted, asking) => documents.get(url, wanted, asking);
});
afterAll(async () => {
  client.close();
  await new Promise((resolve) => provider.close(resolve));
});

function schemeOfProvider() {
  const { port } = provider.address() as AddressInfo;
  return jwtByHandedOutKey({
    header: 'X-Token',
    algorithms: ['ES256'],
    bodyClaim: { name: 'hash', encoding: 'hex' },
    toleranceSeconds: 300,
    keys: {
      keyId: /^[a-z0-9-]{1,16}$/,
      ask: (ask, { secret }, keyId) =>
        ask(`http://127.0.0.1:${port}/keys`, {
          method: 'POST',
          headers: [['X-Secret', secret]],
          body: keyId,
          name: keyId,
        }),
      read: (answer) => createPublicKey({ key: parseJson(answer) as JsonWebKey, format: 'jwk' }),
    },
  });
}

async function callback(keyId: string): Promise<SignedRequest> {
  const hash = createHash('sha256').update('{}').digest('hex');
  const token = await new SignJWT({ hash })
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuedAt()
    .sign(privateKey);
  return {
    method: 'POST',
    url: 'https://inbox.example/in/t/s',
    headers: [['X-Token', token]],
    body: Buffer.from('{}'),
  };
}

test('a key is fetched once with the credentials of the source, and strangers cannot make Callbox ask without end', async () => {
  const scheme = schemeOfProvider();
  const prepared = scheme.prepareKey(`client:${SECRET}`);
  if (!prepared.ok) throw new Error(prepared.problem);
  const keys = [{ id: 'credentials', material: prepared.material }];
  const verify = async (keyId: string) =>
    scheme.verify(await callback(keyId), keys, { nowMs: Date.now() }, published);

  expect(await verify('key-1')).toMatchObject({ ok: true, keyId: 'credentials' });
  expect(await verify('key-1')).toMatchObject({ ok: true });
  expect(seen).toEqual([{ secret: SECRET, body: 'key-1' }]);

  for (let index = 0; index < 20; index += 1)
    expect(await verify(`made-up-${index}`)).toEqual({ ok: false, reason: 'no_secret' });
  expect(seen.length).toBeLessThanOrEqual(8);
  expect(await verify('key-1')).toMatchObject({ ok: true });
});
