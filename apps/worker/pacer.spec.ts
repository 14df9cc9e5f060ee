import { Pacer } from './pacer.js';

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, turn])) !== pending;
}

/** Enters a delivery and lets it be answered, or not. */
async function send(pacer: Pacer, answered: boolean | null, most: number | null = null): Promise<void> {
  pacer.enter('a');
  expect(await pacer.turn('a')).toBe(true);
  pacer.endTurn('a', answered, most);
  pacer.leave('a');
}

const windowOf = (pacer: Pacer) => pacer.windows().find(({ destinationId }) => destinationId === 'a')?.size;

describe('the pacer', () => {
  test('lets an unknown destination have one request, and the others wait', async () => {
    const pacer = new Pacer();
    for (let count = 0; count < 3; count += 1) pacer.enter('a');
    expect(await pacer.turn('a')).toBe(true);
    const second = pacer.turn('a');
    const third = pacer.turn('a');
    expect(await isSettled(second)).toBe(false);
    pacer.endTurn('a', true, null);
    // An answer makes room for two.
    expect(await second).toBe(true);
    expect(await third).toBe(true);
  });

  test('lets a destination have one more with every answer, up to 10', async () => {
    const pacer = new Pacer();
    const sizes: (number | undefined)[] = [];
    for (let count = 0; count < 12; count += 1) {
      await send(pacer, true);
      sizes.push(windowOf(pacer));
    }
    expect(sizes).toEqual([8, 12, 16, 20, 24, 28, 32, 36, 40, 40, 40, 40]);
  });

  test('goes as far as the destination allows, below and above that', async () => {
    const [low, high] = [new Pacer(), new Pacer()];
    for (let count = 0; count < 30; count += 1) {
      await send(low, true, 2);
      await send(high, true, 25);
    }
    expect([windowOf(low), windowOf(high)]).toEqual([8, 100]);
  });

  test('has as many in hand as one that answers quickly takes in a moment, and fewer when it slows down', async () => {
    let nowMs = 0;
    const pacer = new Pacer(() => nowMs);
    const answer = async (count: number, everyMs: number): Promise<number | undefined> => {
      for (let done = 0; done < count; done += 1) {
        nowMs += everyMs;
        await send(pacer, true);
      }
      return windowOf(pacer);
    };
    await answer(20, 50);
    expect(await answer(200, 1)).toBe(150);
    expect(await answer(2_000, 0.1)).toBe(320);
    expect(await answer(20, 50)).toBe(40);
  });

  test('lets one that does not answer have one at a time, and sends those away that wait', async () => {
    const pacer = new Pacer();
    for (let count = 0; count < 3; count += 1) await send(pacer, true);
    for (let count = 0; count < 6; count += 1) pacer.enter('a');
    const turns = Array.from({ length: 6 }, () => pacer.turn('a'));
    pacer.endTurn('a', false, null);
    expect(await Promise.all(turns)).toEqual([true, true, true, true, false, false]);
    expect(pacer.windows()).toEqual([{ destinationId: 'a', size: 1, inFlight: 6 }]);
  });

  test('learns nothing from what was not sent', async () => {
    const pacer = new Pacer();
    await send(pacer, true);
    await send(pacer, null);
    expect(windowOf(pacer)).toBe(8);
  });

  test('begins anew with one destination: sends those away who wait for it, and nobody else', async () => {
    const pacer = new Pacer();
    for (let count = 0; count < 3; count += 1) await send(pacer, true);
    for (const id of ['a', 'a', 'b', 'b']) pacer.enter(id);
    await Promise.all([pacer.turn('a'), pacer.turn('a'), pacer.turn('b')]);
    for (let count = 0; count < 3; count += 1) pacer.enter('a');
    await Promise.all([pacer.turn('a'), pacer.turn('a')]);
    const [sentAway, other] = [pacer.turn('a'), pacer.turn('b')];
    pacer.restart('a');
    expect(await sentAway).toBe(false);
    expect(await isSettled(other)).toBe(false);
    expect(windowOf(pacer)).toBe(1);
  });

  test('sends to one that begins anew one after the other for a second, from the next delivery on', async () => {
    let nowMs = 0;
    const pacer = new Pacer(() => nowMs);
    const sizes: (number | undefined)[] = [];
    for (let count = 0; count < 3; count += 1) await send(pacer, true);
    pacer.restart('a');
    for (nowMs = 5_000; nowMs <= 6_250; nowMs += 250) {
      await send(pacer, true);
      sizes.push(windowOf(pacer));
    }
    expect(sizes).toEqual([1, 1, 1, 1, 8, 12]);
  });

  test('does not begin anew with a busy one because something more was released', async () => {
    const pacer = new Pacer();
    for (let count = 0; count < 3; count += 1) await send(pacer, true);
    pacer.enter('a');
    pacer.resume('a');
    expect(windowOf(pacer)).toBe(16);
    pacer.leave('a');
    pacer.resume('a');
    expect(windowOf(pacer)).toBe(1);
  });

  test('sends everybody away when it closes', async () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.enter('a');
    await pacer.turn('a');
    const waiting = pacer.turn('a');
    pacer.close();
    expect(await waiting).toBe(false);
  });

  test('says when it is worth looking for more: when half of what was in hand is done', async () => {
    const pacer = new Pacer();
    await send(pacer, true);
    for (let count = 0; count < 8; count += 1) pacer.enter('a');
    expect(Array.from({ length: 4 }, () => pacer.leave('a'))).toEqual([false, false, false, true]);
  });

  test('remembers a destination for a while after its last delivery, and then forgets it', async () => {
    let nowMs = 0;
    const pacer = new Pacer(() => nowMs);
    await send(pacer, true);
    nowMs = 9_000;
    expect(pacer.windows()).toEqual([{ destinationId: 'a', size: 8, inFlight: 0 }]);
    nowMs = 20_000;
    expect(pacer.windows()).toEqual([]);
  });

  test('keeps destinations apart', async () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.enter('b');
    expect([await pacer.turn('a'), await pacer.turn('b')]).toEqual([true, true]);
    pacer.endTurn('b', true, null);
    expect(pacer.windows()).toMatchObject([
      { destinationId: 'a', size: 1 },
      { destinationId: 'b', size: 8 },
    ]);
  });
});
