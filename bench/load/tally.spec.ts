import { Tally } from './tally.js';

const answer = (status: number, body: string) => ({ status, body: Buffer.from(body), closes: false });
const times = { latencyMs: 5, serviceMs: 3, isOfWindow: true };

describe('the tally', () => {
  test('tells quantiles to within a thousandth', () => {
    const tally = new Tally();
    for (let ms = 1; ms <= 10_000; ms += 1) tally.noteLatency(ms);
    const { p50Ms, p99Ms, p999Ms, maxMs } = tally.latency;
    expect(p50Ms / 5_000).toBeCloseTo(1, 2);
    expect(p99Ms / 9_900).toBeCloseTo(1, 2);
    expect(p999Ms / 9_990).toBeCloseTo(1, 2);
    expect(maxMs / 10_000).toBeCloseTo(1, 2);
  });

  test('counts answers within the window only, and keeps the receipts of all', () => {
    const tally = new Tally();
    tally.note(answer(200, '{"id":"A","status":"accepted"}'), 0, { ...times, isOfWindow: false });
    tally.isMeasuring = true;
    tally.note(answer(200, '{"id":"B","status":"accepted"}'), 1, times);
    tally.note(answer(200, '{"id":"B","status":"duplicate"}'), 1, times);
    expect(tally).toMatchObject({ accepted: 1, duplicates: 1, answered: 2, byStatus: { 200: 2 } });
    expect(tally.latency.p50Ms).toBeCloseTo(5, 1);
    expect(tally.service.p50Ms).toBeCloseTo(3, 1);
  });

  test('counts a refusal by its status, and neither its latency nor a receipt', () => {
    const tally = new Tally();
    tally.isMeasuring = true;
    tally.note(answer(503, '{"id":"A"}'), 0, times);
    expect(tally).toMatchObject({ accepted: 0, answered: 0, byStatus: { 503: 1 } });
    expect(tally.latency.maxMs).toBe(0);
  });
});
