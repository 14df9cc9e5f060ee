import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

const API_KEY = 'bench-key-of-this-run';

/** Callbox as a process of its own, on an embedded PostgreSQL in a temporary folder. */
export interface BenchedCallbox {
  readonly url: string;
  readonly sourceUrl: string;
  readonly secret: string;
  call<Body>(method: string, path: string, body?: object): Promise<Body>;
  countEvents(): Promise<number>;
  stop(): Promise<void>;
}

export async function startCallbox(): Promise<BenchedCallbox> {
  const dataDir = mkdtempSync(join(tmpdir(), 'callbox-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [fileURLToPath(new URL('../apps/server/main.js', import.meta.url))], {
    env: {
      PORT: String(port),
      CALLBOX_DATA_DIR: dataDir,
      CALLBOX_BOOTSTRAP_KEY: API_KEY,
      PUBLIC_URL: url,
      CALLBOX_API_RATE_PER_MINUTE: '0',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(`${url}/readyz`, child);
  const call = async <Body>(method: string, path: string, body?: object): Promise<Body> => {
    const answer = await request(url + path, {
      method: method as 'GET',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await answer.body.json()) as Body;
  };
  const { plain_secret: secret } = await call<{ plain_secret: string }>('POST', '/v1/callback-secrets', {
    label: 'bench',
  });
  const countEvents = async (): Promise<number> => {
    const metrics = await (await request(`${url}/metrics`)).body.text();
    return Number(
      /callbox_callbacks_total\{provider="callbox",outcome="accepted"\} (\d+)/.exec(metrics)?.[1] ?? 0,
    );
  };
  return {
    url,
    sourceUrl: `${url}/in/default/default`,
    secret,
    call,
    countEvents,
    stop: () => stop(child, dataDir),
  };
}

/** A bare Fastify server that checks the same signature and stores nothing. */
export async function startBaseline(): Promise<{ url: string; secret: string; stop: () => void }> {
  const port = await freePort();
  const secret = 'the secret of the baseline';
  const script = fileURLToPath(new URL('./baseline.js', import.meta.url));
  const child = spawn(process.execPath, [script, String(port), secret], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await ready(`http://127.0.0.1:${port}/ready`, child);
  return { url: `http://127.0.0.1:${port}/in`, secret, stop: () => child.kill() };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server has ended with ${child.exitCode}`);
    const answer = await request(url).catch(() => null);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} is not ready`);
}

async function stop(child: ChildProcess, dataDir: string): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  rmSync(dataDir, { recursive: true, force: true });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
