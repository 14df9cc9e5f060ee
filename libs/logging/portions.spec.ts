import { Portions } from './portions.js';

class Outlet {
  readonly written: string[] = [];
  flushes = 0;
  readonly flushed: (() => void)[] = [];

  write(text: string): void {
    this.written.push(text);
  }

  flush(done: () => void): void {
    this.flushed.push(done);
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

  it('tells that all is written when the outlet does, and not sooner', () => {
    let isWritten = false;
    portions.write('last\n');
    portions.flush(() => (isWritten = true));
    expect(outlet.written).toEqual(['last\n']);
    expect(isWritten).toBe(false);

    outlet.flushed.forEach((done) => done());
    expect(isWritten).toBe(true);
  });
});
