import { OtherWork } from './other-work.js';

const at = (active: number, idle: number) => ({ active, idle });

test('what is spent on the thing itself does not count as other work', () => {
  const work = new OtherWork(at(0, 0));
  expect(work.share(at(150, 150), 100)).toBe(0.25);
});

test('a request that fills a short pause does not make it busy; a window that is full does', () => {
  const work = new OtherWork(at(1_000, 1_000));
  expect([work.share(at(1_010, 1_000), 3), work.share(at(1_100, 1_100), 3)]).toEqual([0, 0]);
  expect(work.share(at(1_246, 1_060), 0)).toBe(0.8);
  expect(work.share(at(1_256, 1_070), 0)).toBe(0.8);
  expect(work.share(at(1_246, 1_560), 0)).toBe(0);
});
