import { GroupCommit, Overloaded } from './group-commit.js';

interface Written {
  readonly batch: readonly string[];
  commit(): void;
  fail(error: unknown): void;
}

/** A store that keeps each batch waiting until the test says what becomes of it. */
class HeldStore {
  readonly written: Written[] = [];

  readonly write = (batch: readonly string[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      this.written.push({
        batch,
        commit: () => resolve(batch.map((item) => `${item} stored`)),
        fail: reject,
      });
    });

  async next(): Promise<Written> {
    for (let turn = 0; turn < 100; turn += 1) {
      const written = this.written.shift();
      if (written !== undefined) return written;
      await Promise.resolve();
    }
    throw new Error('Nothing was written');
  }
}

function commits(
  write: (batch: readonly string[]) => Promise<string[]>,
  limits: {
    rows?: number;
    bytes?: number;
    waitingRows?: number;
    waitingBytes?: number;
    waitMs?: number;
    rowsAhead?: number;
  } = {},
): GroupCommit<string, string> {
  return new GroupCommit({
    write,
    bytesOf: (item) => item.length,
    mostRows: limits.rows ?? 100,
    mostBatchBytes: limits.bytes ?? 1_000,
    mostWaitingRows: limits.waitingRows ?? 1_000,
    mostWaitingBytes: limits.waitingBytes ?? 10_000,
    ...(limits.waitMs === undefined ? {} : { mostWaitMs: limits.waitMs }),
    ...(limits.rowsAhead === undefined ? {} : { rowsAhead: limits.rowsAhead }),
  });
}

const refusal = (code: string): Error => Object.assign(new Error('refused'), { code });

describe('a group commit', () => {
  test('writes a lone item at once and answers after its commit', async () => {
    const store = new HeldStore();
    const answer = commits(store.write).add('a');
    const settled = jest.fn();
    void answer.then(settled);
    const written = await store.next();
    expect(written.batch).toEqual(['a']);
    expect(settled).not.toHaveBeenCalled();
    written.commit();
    await expect(answer).resolves.toBe('a stored');
  });

  test('collects what comes while a batch is being written, in order', async () => {
    const store = new HeldStore();
    const group = commits(store.write);
    const first = group.add('a');
    const written = await store.next();
    const others = ['b', 'c', 'd'].map((item) => group.add(item));
    written.commit();
    await first;
    const second = await store.next();
    expect(second.batch).toEqual(['b', 'c', 'd']);
    second.commit();
    await expect(Promise.all(others)).resolves.toEqual(['b stored', 'c stored', 'd stored']);
  });

  test('writes one batch ahead once enough is waiting, and answers in order', async () => {
    const store = new HeldStore();
    const group = commits(store.write, { rowsAhead: 2 });
    const answered: string[] = [];
    const add = (item: string): void => void group.add(item).then((answer) => answered.push(answer));
    add('a');
    const first = await store.next();
    add('b');
    expect(store.written).toEqual([]);
    add('c');
    const second = await store.next();
    expect([first.batch, second.batch]).toEqual([['a'], ['b', 'c']]);
    ['d', 'e', 'f'].forEach(add);
    expect(store.written).toEqual([]);
    second.commit();
    await new Promise(setImmediate);
    expect(answered).toEqual([]);
    first.commit();
    const third = await store.next();
    expect(third.batch).toEqual(['d', 'e', 'f']);
    // Fewer than are under way: a small batch costs as much as a large one.
    ['g', 'h'].forEach(add);
    expect(store.written).toEqual([]);
    third.commit();
    const fourth = await store.next();
    expect(fourth.batch).toEqual(['g', 'h']);
    fourth.commit();
    await group.drain();
    expect(answered).toEqual(Array.from('abcdefgh', (item) => `${item} stored`));
  });

  test('shares the first batch with all of the same turn, however many', async () => {
    const store = new HeldStore();
    const group = commits(store.write, { rowsAhead: 2 });
    for (const burst of ['abcd', 'efgh']) {
      for (const item of burst) void group.add(item);
      const only = await store.next();
      expect(only.batch).toEqual([...burst]);
      only.commit();
      await group.drain();
    }
  });

  test('loses neither batch when the other one fails', async () => {
    for (const failing of [0, 1]) {
      const store = new HeldStore();
      const group = commits(store.write, { rowsAhead: 1 });
      const items = [group.add('a')];
      const written = [await store.next()];
      items.push(group.add('b'));
      written.push(await store.next());
      written.forEach((one, index) => (index === failing ? one.fail(new Error('away')) : one.commit()));
      const statuses = (await Promise.allSettled(items)).map(({ status }) => status);
      expect(statuses).toEqual(failing === 0 ? ['rejected', 'fulfilled'] : ['fulfilled', 'rejected']);
    }
  });

  test('keeps batches within their rows and bytes, and writes a larger item alone', async () => {
    const batches: (readonly string[])[] = [];
    const write = (batch: readonly string[]): Promise<string[]> => {
      batches.push(batch);
      return Promise.resolve([...batch]);
    };
    const byRows = commits(write, { rows: 2 });
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => byRows.add(item)));
    expect(batches.splice(0)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    const byBytes = commits(write, { bytes: 4 });
    await Promise.all(['aa', 'bb', 'c', 'dddddd', 'e'].map((item) => byBytes.add(item)));
    expect(batches).toEqual([['aa', 'bb'], ['c'], ['dddddd'], ['e']]);
  });

  test.each(['22P05', '23514', '40P01', '54000', '21000'])(
    'saves the neighbours of an item that is refused with %s',
    async (code) => {
      const batches: (readonly string[])[] = [];
      const group = commits((batch) => {
        batches.push(batch);
        return batch.includes('bad') ? Promise.reject(refusal(code)) : Promise.resolve([...batch]);
      });
      const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => group.add(item)));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(batches).toEqual([['a', 'bad', 'b'], ['a'], ['bad'], ['b']]);
    },
  );

  test.each([refusal('57P01'), refusal('08006'), refusal('57014'), new Error('Query read timeout')])(
    'tries nothing again after an error whose outcome is unknown: %s',
    async (error) => {
      const write = jest.fn(() => Promise.reject<string[]>(error));
      const group = commits(write);
      const results = await Promise.allSettled(['a', 'b'].map((item) => group.add(item)));
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(write).toHaveBeenCalledTimes(1);
    },
  );

  test('goes on after a batch that failed', async () => {
    const store = new HeldStore();
    const group = commits(store.write);
    const first = group.add('a');
    (await store.next()).fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    const second = group.add('b');
    (await store.next()).commit();
    await expect(second).resolves.toBe('b stored');
  });

  test('takes no more than may wait, by number and by bytes, and takes again when there is room', async () => {
    for (const limits of [{ waitingRows: 2 }, { waitingBytes: 2 }]) {
      const store = new HeldStore();
      const group = commits(store.write, limits);
      const writing = group.add('a');
      const written = await store.next();
      const waiting = [group.add('b'), group.add('c')];
      await expect(group.add('d')).rejects.toBeInstanceOf(Overloaded);
      written.commit();
      await writing;
      (await store.next()).commit();
      await Promise.all(waiting);
      const again = group.add('d');
      (await store.next()).commit();
      await expect(again).resolves.toBe('d stored');
    }
  });

  test('sends away what has waited too long behind a batch that hangs, and gives its room back', async () => {
    const store = new HeldStore();
    const group = commits(store.write, { waitMs: 20, waitingBytes: 1 });
    const hanging = group.add('a');
    const written = await store.next();
    const overdue = group.add('b');
    await new Promise((resolve) => setTimeout(resolve, 40));
    written.commit();
    await hanging;
    await expect(overdue).rejects.toBeInstanceOf(Overloaded);
    const next = group.add('c');
    const after = await store.next();
    expect(after.batch).toEqual(['c']);
    after.commit();
    await next;
  });

  test('drains everything that was waiting', async () => {
    const stored: string[] = [];
    const group = commits(
      async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        stored.push(...batch);
        return [...batch];
      },
      { rows: 1 },
    );
    const answers = ['a', 'b', 'c'].map((item) => group.add(item));
    await group.drain();
    expect(stored).toEqual(['a', 'b', 'c']);
    await Promise.all(answers);
    await expect(group.drain()).resolves.toBeUndefined();
  });
});
