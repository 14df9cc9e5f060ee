import { KEY_SERVER, KeyServer, type KeyServerMood } from '#testing';
import { AwsKms } from './aws-kms.js';
import { CannotDecrypt } from './envelope.js';
import type { KeyProvider } from './key-provider.js';
import { KeyProviders } from './key-providers.js';
import { KeyService } from './key-service.js';
import { type KeyServiceFailure, KeyServiceUnavailable } from './key-service-unavailable.js';
import { MasterKey } from './master-key.js';
import { VaultTransit } from './vault-transit.js';

const KEY = Buffer.alloc(32, 0xa5);
const CONTEXT = ['master', 'data-key', '019aa9f0-1c2d-7000-8000-000000000001'];
const ELSEWHERE = ['master', 'data-key', '019aa9f0-1c2d-7000-8000-000000000002'];

let server: KeyServer;
const open: KeyProvider[] = [];
beforeEach(async () => {
  server = await KeyServer.start();
});
afterEach(async () => {
  for (const provider of open.splice(0)) provider.close();
  await server.stop();
});

type Kind = 'Vault' | 'AWS KMS';

function providerOf(kind: Kind, change: Partial<typeof KEY_SERVER & { name: string }> = {}): KeyProvider {
  const { token, region, accessKeyId, secretAccessKey } = { ...KEY_SERVER, ...change };
  const service = new KeyService(kind);
  const made =
    kind === 'Vault'
      ? new VaultTransit(
          service,
          { address: server.url, token, namespace: undefined },
          change.name ?? 'transit/callbox',
        )
      : new AwsKms(
          service,
          { endpoint: server.url, region, accessKeyId, secretAccessKey, sessionToken: undefined },
          change.name ?? 'alias/callbox',
        );
  open.push(made);
  return made;
}

async function failureOf(work: Promise<unknown>): Promise<KeyServiceFailure | 'cannot decrypt' | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof CannotDecrypt) return 'cannot decrypt';
    if (error instanceof KeyServiceUnavailable) return error.reason;
    throw error;
  }
}

describe.each(['Vault', 'AWS KMS'] as const)('%s', (kind) => {
  test('wraps a key and unwraps it again, each time differently and never showing it', async () => {
    const service = providerOf(kind);
    const [one, two] = [await service.wrap(KEY, CONTEXT), await service.wrap(KEY, CONTEXT)];
    expect(one.equals(two)).toBe(false);
    for (const wrapped of [one, two]) {
      expect(wrapped.subarray(0, 9)).toEqual(service.prefix);
      expect(wrapped.includes(KEY)).toBe(false);
      expect(await service.unwrap(wrapped, CONTEXT)).toEqual(KEY);
    }
  });

  test('never unwraps with any byte changed, cut off or added', async () => {
    const service = providerOf(kind);
    const providers = new KeyProviders([service, new MasterKey(Buffer.alloc(32, 1))]);
    const context = CONTEXT.slice(1);
    const wrapped = await providers.wrap(KEY, context);
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x01, at);
      expect(await failureOf(providers.unwrap(changed, context))).toBe('cannot decrypt');
    }
    for (const length of [0, 1, 8, 9, 10, 13, 14, 40, wrapped.length - 1])
      expect(await failureOf(providers.unwrap(wrapped.subarray(0, length), context))).toBe('cannot decrypt');
    const longer = Buffer.concat([wrapped, Buffer.of(0)]);
    expect(await failureOf(providers.unwrap(longer, context))).toBe('cannot decrypt');
    expect(await providers.unwrap(wrapped, context)).toEqual(KEY);
  });

  test.each(['working', 'ignoring context'] as const)(
    'never unwraps in another place, with a service that is %s',
    async (mood) => {
      server.mood = mood;
      const service = providerOf(kind);
      const wrapped = await service.wrap(KEY, CONTEXT);
      expect(await failureOf(service.unwrap(wrapped, ELSEWHERE))).toBe('cannot decrypt');
      expect(await failureOf(service.unwrap(wrapped, ['master', 'pepper']))).toBe('cannot decrypt');
      expect(await service.unwrap(wrapped, CONTEXT)).toEqual(KEY);
    },
  );

  test('never takes what another of its keys has wrapped', async () => {
    const wrapped = await providerOf(kind).wrap(KEY, CONTEXT);
    const other = providerOf(kind, { name: kind === 'Vault' ? 'transit/other' : 'alias/other' });
    expect(other.prefix).not.toEqual(wrapped.subarray(0, 9));
    const disguised = Buffer.concat([other.prefix, wrapped.subarray(9)]);
    expect(await failureOf(other.unwrap(disguised, CONTEXT))).toBe('cannot decrypt');
  });

  const failures: readonly [KeyServerMood, KeyServiceFailure][] = [
    ['hanging up', 'connection_reset'],
    ['garbage', 'answer_invalid'],
    ['broken', 'service_down'],
    ['throttling', 'throttled'],
    ['without key', 'key_not_found'],
  ];
  test.each(failures)('when %s fails as %s, either way, and not as a wrong key', async (mood, reason) => {
    const service = providerOf(kind);
    const wrapped = await service.wrap(KEY, CONTEXT);
    server.mood = mood;
    expect(await failureOf(service.unwrap(wrapped, CONTEXT))).toBe(reason);
    expect(await failureOf(service.wrap(KEY, CONTEXT))).toBe(reason);
    server.mood = 'working';
    expect(await service.unwrap(wrapped, CONTEXT)).toEqual(KEY);
  });

  test('that hangs is given up after five seconds', async () => {
    server.mood = 'hanging';
    expect(await failureOf(providerOf(kind).wrap(KEY, CONTEXT))).toBe('timeout');
  }, 10_000);

  test('that is not there fails as refused connection', async () => {
    const service = providerOf(kind);
    await server.stop();
    expect(await failureOf(service.wrap(KEY, CONTEXT))).toBe('connection_refused');
  });

  test('that loses what it has wrapped is found out before anybody relies on it', async () => {
    const providers = new KeyProviders([providerOf(kind)]);
    server.mood = 'losing keys';
    const wrapping = providers.wrap(KEY, CONTEXT);
    expect(await failureOf(wrapping)).toBe('answer_invalid');
  });

  test('says nothing of keys and credentials when it fails', async () => {
    server.mood = 'without key';
    const error: unknown = await providerOf(kind)
      .wrap(KEY, CONTEXT)
      .catch((thrown: unknown) => thrown);
    const told = JSON.stringify([error, String(error), (error as KeyServiceUnavailable).explanation]);
    for (const secret of [KEY.toString('base64'), KEY_SERVER.token, KEY_SERVER.secretAccessKey])
      expect(told).not.toContain(secret);
    expect(error).toMatchObject({ status: 503, code: 'unavailable', service: kind, reason: 'key_not_found' });
  });
});

describe('Vault', () => {
  test('is asked as its API says: path, token, namespace, additional data', async () => {
    const service = new VaultTransit(
      new KeyService('Vault'),
      { address: server.url, token: KEY_SERVER.token, namespace: 'teams/a' },
      'kv/transit/callbox',
    );
    open.push(service);
    await service.unwrap(await service.wrap(KEY, CONTEXT), CONTEXT);
    const [encrypt, decrypt] = server.asked;
    expect([encrypt?.path, decrypt?.path]).toEqual([
      '/v1/kv/transit/encrypt/callbox',
      '/v1/kv/transit/decrypt/callbox',
    ]);
    for (const asked of [encrypt, decrypt])
      expect(asked?.headers).toMatchObject({
        'x-vault-token': KEY_SERVER.token,
        'x-vault-namespace': 'teams/a',
        'x-vault-request': 'true',
        'content-type': 'application/json',
      });
    const place = Buffer.from(String(encrypt?.body['associated_data']), 'base64');
    expect(place.includes(CONTEXT[2] ?? '')).toBe(true);
    expect(decrypt?.body['associated_data']).toBe(encrypt?.body['associated_data']);
    expect(decrypt?.body['ciphertext']).toMatch(/^vault:v1:/);
  });

  test('with a token that has expired is not authorized', async () => {
    const service = providerOf('Vault', { token: 'expired' as typeof KEY_SERVER.token });
    expect(await failureOf(service.wrap(KEY, CONTEXT))).toBe('not_authorized');
  });
});

describe('AWS KMS', () => {
  test('is asked as its API says: target, key, context, a signature that covers them', async () => {
    const service = providerOf('AWS KMS');
    await service.unwrap(await service.wrap(KEY, CONTEXT), CONTEXT);
    const [encrypt, decrypt] = server.asked;
    expect(encrypt?.headers).toMatchObject({
      'x-amz-target': 'TrentService.Encrypt',
      'content-type': 'application/x-amz-json-1.1',
    });
    expect(decrypt?.headers['x-amz-target']).toBe('TrentService.Decrypt');
    for (const asked of [encrypt, decrypt]) {
      expect(asked?.body).toMatchObject({
        KeyId: 'alias/callbox',
        EncryptionContext: { 'callbox-purpose': 'data-key', 'callbox-id': CONTEXT[2] },
      });
      expect(asked?.headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDOFTHETESTS\/\d{8}\/eu-central-1\/kms\/aws4_request, /,
      );
    }
  });

  test('with a wrong secret key is not authorized', async () => {
    const service = providerOf('AWS KMS', { secretAccessKey: 'wrong' as typeof KEY_SERVER.secretAccessKey });
    expect(await failureOf(service.wrap(KEY, CONTEXT))).toBe('not_authorized');
  });

  test('gets the session token of temporary credentials, under the signature', async () => {
    const { region, accessKeyId, secretAccessKey } = KEY_SERVER;
    const service = new AwsKms(
      new KeyService('AWS KMS'),
      { endpoint: server.url, region, accessKeyId, secretAccessKey, sessionToken: 'session' },
      'alias/callbox',
    );
    open.push(service);
    await service.wrap(KEY, CONTEXT);
    expect(server.asked[0]?.headers['x-amz-security-token']).toBe('session');
    expect(server.asked[0]?.headers.authorization).toContain('x-amz-security-token');
  });
});

test('keys of several kinds are known at once, and what is under another one is refused', async () => {
  const [vault, kms, local] = [
    providerOf('Vault'),
    providerOf('AWS KMS'),
    new MasterKey(Buffer.alloc(32, 1)),
  ];
  const wrapped = await Promise.all(
    [vault, kms, local].map((provider) => new KeyProviders([provider]).wrap(KEY, ['pepper'])),
  );
  const all = new KeyProviders([kms, local, vault]);
  for (const one of wrapped) expect(await all.unwrap(one, ['pepper'])).toEqual(KEY);
  expect(wrapped.map((one) => all.isCurrent(one))).toEqual([false, true, false]);
  for (const one of wrapped.slice(0, 2))
    expect(await failureOf(new KeyProviders([local]).unwrap(one, ['pepper']))).toBe('cannot decrypt');
});
