import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPreset } from '#providers';
import type { SignedRequest } from '#signatures';

const root = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'callbox-packages-'));
const packages = join(folder, 'node_modules');
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const PUBLIC_URL = 'https://app.example';
const apps: ChildProcess[] = [];

beforeAll(() => {
  const build = spawnSync(process.execPath, [join(root, 'scripts/build-packages.mjs'), packages], {
    encoding: 'utf8',
  });
  expect(build.stderr).toBe('');
  for (const name of ['zod', 'express', 'fastify'])
    symlinkSync(join(root, 'node_modules', name), join(packages, name));
}, 120_000);

afterAll(async () => {
  for (const app of apps) {
    app.kill();
    if (app.exitCode === null && app.signalCode === null) await once(app, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

const manifestOf = (name: string): unknown =>
  JSON.parse(readFileSync(join(packages, '@callbox', name, 'package.json'), 'utf8'));

describe('the packages of the pure libs', () => {
  test('depend on nothing but each other and zod', () => {
    expect(manifestOf('signatures')).toMatchObject({ type: 'module', dependencies: {} });
    const version = expect.any(String) as string;
    expect(manifestOf('providers')).toMatchObject({
      dependencies: { '@callbox/signatures': version, zod: version },
    });
    expect(JSON.stringify(manifestOf('providers'))).not.toMatch(/nest|typeorm|fastify/);
  });

  test.each(['signatures', 'providers'])('%s explains every function and table that it exports', (name) => {
    const script = `console.log(JSON.stringify(Object.keys(await import('@callbox/${name}'))))`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      encoding: 'utf8',
    });
    const exported = JSON.parse(stdout) as string[];
    const readme = readFileSync(join(packages, '@callbox', name, 'README.md'), 'utf8');
    expect(exported.length).toBeGreaterThan(5);
    expect(exported.filter((word) => !readme.includes(`\`${word}`))).toEqual([]);
    const types = readFileSync(join(packages, '@callbox', name, 'dist/index.d.ts'), 'utf8');
    expect(types).not.toContain("'#");
  });
});

/** Starts a copy of an example beside the built packages, as somebody who copied it would. */
async function start(example: string, provider: string): Promise<string> {
  copyFileSync(join(root, 'examples', example), join(folder, example));
  const app = spawn(process.execPath, [example], {
    cwd: folder,
    env: { ...process.env, PROVIDER: provider, CALLBACK_SECRET: SECRET, PORT: '0', PUBLIC_URL },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  apps.push(app);
  let output = '';
  for await (const chunk of app.stdout) {
    output += String(chunk);
    const port = /listening on port (\d+)/.exec(output)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`${example} ended: ${output}`);
}

/** A callback of the provider, signed with a secret for the app's public URL. */
async function signed(provider: string, body: Buffer, secret = SECRET): Promise<Headers> {
  const scheme = findPreset(provider)?.scheme;
  const prepared = scheme?.prepareKey(secret);
  if (scheme?.sign === undefined || prepared?.ok !== true) throw new Error(`${provider} does not sign`);
  const request: SignedRequest = { method: 'POST', url: `${PUBLIC_URL}/callbacks?a=1`, headers: [], body };
  const key = { id: 'key', material: prepared.material };
  const headers = await scheme.sign(request, [key], { nowMs: Date.now() });
  return new Headers([...headers.map(([name, value]): [string, string] => [name, value])]);
}

describe.each(['express-app.mjs', 'fastify-app.mjs'])('examples/%s', (example) => {
  describe.each(['runflow', 'qstash', 'hmac-timestamped'])('with callbacks of %s', (provider) => {
    const body = Buffer.from('{"event": "run.completed", "name": "Zoë"}');
    let url = '';
    const send = async (headers: Headers, bytes: Buffer, type = 'application/json') => {
      headers.set('content-type', type);
      const response = await fetch(`${url}/callbacks?a=1`, { method: 'POST', headers, body: bytes });
      return [response.status, await response.json()];
    };

    beforeAll(async () => {
      url = await start(example, provider);
    });

    test('accepts a genuine one, the very bytes, whatever their type', async () => {
      const accepted = [200, { received: body.length }];
      expect(await send(await signed(provider, body), body)).toEqual(accepted);
      expect(await send(await signed(provider, body), body, 'bogus/type')).toEqual(accepted);
      const bytes = Buffer.from([0x22, 0xff, 0x22]);
      expect(await send(await signed(provider, bytes), bytes)).toEqual([200, { received: 3 }]);
    });

    test('refuses another body, another secret and no signature', async () => {
      const refused = [401, { error: 'signature_invalid' }];
      expect(await send(await signed(provider, body), Buffer.from('{}'))).toEqual(refused);
      expect(await send(await signed(provider, body, `${SECRET}x`), body)).toEqual(refused);
      expect(await send(new Headers(), body)).toEqual(refused);
    });
  });
});
