import { Pacer } from './pacer.js';

describe('the pacer', () => {
  test('knows nothing of a destination that has nothing under way', () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.leave('a', true);
    expect(pacer.windows()).toEqual([]);
  });

  test('lets a destination have one more with every answer', () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.enter('a');
    pacer.leave('a', true);
    pacer.enter('a');
    pacer.leave('a', true);
    expect(pacer.windows()).toEqual([{ destinationId: 'a', size: 3, inFlight: 1 }]);
  });

  test('lets one that does not answer have one at a time', () => {
    const pacer = new Pacer();
    for (let count = 0; count < 5; count += 1) pacer.enter('a');
    for (let count = 0; count < 3; count += 1) pacer.leave('a', true);
    expect(pacer.windows()).toMatchObject([{ size: 4 }]);
    pacer.leave('a', false);
    expect(pacer.windows()).toEqual([{ destinationId: 'a', size: 1, inFlight: 1 }]);
  });

  test('learns nothing from what was not sent', () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.enter('a');
    pacer.leave('a', null);
    expect(pacer.windows()).toEqual([{ destinationId: 'a', size: 1, inFlight: 1 }]);
  });

  test('keeps destinations apart', () => {
    const pacer = new Pacer();
    pacer.enter('a');
    pacer.enter('b');
    pacer.enter('b');
    pacer.leave('b', true);
    expect(pacer.windows()).toEqual([
      { destinationId: 'a', size: 1, inFlight: 1 },
      { destinationId: 'b', size: 2, inFlight: 1 },
    ]);
  });
});
