import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Whether what the recipes are written for is there. */
export const hasShellAndCurl = ['bash', 'curl'].every(
  (program) => spawnSync(program, ['--version']).status === 0,
);

/** The shell commands of one section of docs/rotation.md as a reader would paste them, less the reader's own values. */
export function recipe(heading: string): string {
  const sections = readFileSync('docs/rotation.md', 'utf8').split(/^## /m);
  const section = sections.find((text) => text.startsWith(heading));
  if (section === undefined) throw new Error(`docs/rotation.md has no section ${heading}`);
  const blocks = [...`${sections[0] ?? ''}${section}`.matchAll(/```bash\n([\s\S]*?)```/g)];
  return blocks.map((match) => (match[1] ?? '').replace(/^export [A-Z_]+=.*$/gm, '')).join('\n');
}

/** Runs commands with the reader's values; gives back what they print. Stops at the first one that fails. */
export function run(script: string, values: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], {
      env: { PATH: process.env['PATH'], ...values },
    });
    let output = '';
    shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    shell.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    shell.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${output}`)),
    );
  });
}

interface Asked {
  /** Method and path, e.g. `GET /v2/keys`. */
  readonly route: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The API of a provider, as its documentation describes it: answers JSON to those who have its token. */
export class ProviderApi {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** `answer` gives the body for a route, `null` for no content, and throws where there is no such route. */
  static async start(token: string, answer: (asked: Asked) => object | null | Promise<object | null>) {
    const server = createServer((request, response) => {
      void read(request)
        .then(async (body) => {
          if (request.headers.authorization !== `Bearer ${token}`) throw new Error('no valid token');
          return answer({ route: `${request.method ?? ''} ${request.url ?? ''}`, body });
        })
        .then(
          (result) => {
            response.writeHead(result === null ? 204 : 200, { 'content-type': 'application/json' });
            response.end(result === null ? undefined : JSON.stringify(result));
          },
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ProviderApi(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
