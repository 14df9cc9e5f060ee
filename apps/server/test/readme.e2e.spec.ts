import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TestApp } from '#testing';

/** Not 3000, which the examples of the API name: other tests of this run execute those. */
const APP_PORT = '18432';

const hasShellAndCurl = ['bash', 'curl'].every((program) => spawnSync(program, ['--version']).status === 0);

/** The shell commands of the README's walk-through, as a reader would paste them. */
function walkThrough(): string {
  const readme = readFileSync('README.md', 'utf8');
  const section = readme.slice(readme.indexOf('## A walk through it'), readme.indexOf('## Providers'));
  const blocks = [...section.matchAll(/```bash\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.join('\n').replace(/^export (CALLBOX|KEY)=.*$/gm, '');
}

function run(script: string, environment: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const shell = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], {
      env: { PATH: process.env['PATH'], ...environment },
    });
    let output = '';
    shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    shell.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    shell.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`exit code ${code}: ${output}`)),
    );
  });
}

(hasShellAndCurl ? describe : describe.skip)('the walk-through of the README', () => {
  test('does what it says, command by command', async () => {
    const app = await TestApp.start();
    const tenant = await app.tenant();
    const script = walkThrough()
      .replaceAll('/in/default/', `/in/${tenant.slug}/`)
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${APP_PORT}`);
    const output = await run(script, { CALLBOX: app.url, KEY: tenant.adminKey, PORT: APP_PORT });
    await app.stop();

    expect(output.match(/"status":"accepted"/g)).toHaveLength(2);
    expect(output.match(/"code":"signature_invalid"/g)).toHaveLength(1);
    for (const run of ['run_1', 'run_2']) {
      expect(output).toContain(`app: genuine, {"event": "run.completed", "run_id": "${run}"`);
    }
    expect(output).not.toContain('app: refused');
    expect(output.match(/"code":"secret_in_use"/g)).toHaveLength(1);
    const last = output.split('\n').findLast((line) => line.startsWith('{"data"')) ?? '';
    const listed = JSON.parse(last) as {
      data: { label: string; is_current: boolean }[];
    };
    expect(listed.data).toMatchObject([{ label: 'second', is_current: true }]);
  }, 60_000);
});
