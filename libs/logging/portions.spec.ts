import { Portions } from './portions.js';

class Outlet {
  readonly written: string[] = [];
  flushes = 0;

  write(text: string): void {
    this.written.push(text);
  }

  flushSync(): void {
    this.flushes += 1;
  }
}

describe('portions of a log', () => {
  let outlet: Outlet;
  let portions: Portions;

  beforeEach(() => {
    outlet = new Outlet();
    portions = new Portions(outlet, 10);
  });

  it('passes lines on together once they are a portion', () => {
    portions.write('one\n');
    portions.write('two\n');
    expect(outlet.written).toEqual([]);

    portions.write('three\n');
    expect(outlet.written).toEqual(['one\ntwo\nthree\n']);
  });

  it('passes on what is waiting after a while', async () => {
    portions.write('lone\n');

    while (outlet.written.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outlet.written).toEqual(['lone\n']);
  });

  it('writes all when asked to, once', () => {
    portions.write('last\n');
    portions.flushSync();
    portions.flushSync();

    expect(outlet.written).toEqual(['last\n']);
    expect(outlet.flushes).toBe(2);
  });
});
