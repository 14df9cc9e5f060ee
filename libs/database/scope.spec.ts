import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scope } from './scope.js';

describe('a scope', () => {
  test('holds for all that the work starts, each for its own', async () => {
    const scope = new Scope<string>();
    const seen = await Promise.all(
      ['a', 'b'].map((value) =>
        scope.run(value, async () => {
          await sleep(5);
          return [scope.get(), await sleep(1).then(() => scope.get())];
        }),
      ),
    );
    expect(seen).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(scope.get()).toBeUndefined();
  });

  test('is not left by one for the others', async () => {
    const scope = new Scope<string>();
    const long = scope.run('long', async () => {
      await sleep(20);
      return scope.get();
    });
    await scope.run('short', () => Promise.resolve());
    await expect(scope.run('failing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await long).toBe('long');
  });

  test('is left once, however often that is said', async () => {
    const scope = new Scope<string>();
    const long = scope.run('long', () => sleep(20).then(() => scope.get()));
    scope.begin('twice', (leave) => {
      leave();
      leave();
    });
    expect(await long).toBe('long');
  });

  test('does not hold for what is outside of it', () => {
    const scope = new Scope<string>();
    scope.begin('inside', (leave) => {
      expect(scope.outside(() => scope.get())).toBeUndefined();
      expect(scope.get()).toBe('inside');
      leave();
    });
  });

  // In a process of its own, as Jest follows promises too.
  test('makes Node follow promises only while there is work in it', () => {
    const script = `
      import { executionAsyncId } from 'node:async_hooks';
      import { Scope } from ${JSON.stringify(join(process.cwd(), 'dist/libs/database/scope.js'))};
      const isFollowed = () => Promise.resolve().then(() => executionAsyncId() !== 0);
      const scope = new Scope();
      const said = [await isFollowed()];
      said.push(await scope.run(1, isFollowed));
      said.push(await isFollowed());
      said.push(await scope.run(2, () => Promise.resolve().then(() => scope.get())));
      console.log(JSON.stringify(said));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    expect(JSON.parse(said)).toEqual([false, true, false, 2]);
  });
});
