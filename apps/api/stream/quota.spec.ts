import { Quota } from './quota.js';

/** What one more of a tenant is refused with. */
function refusal(quota: Quota, tenantId: string): unknown {
  try {
    quota.take(tenantId);
    return null;
  } catch (error) {
    return error;
  }
}

test('a place that is given back twice is free once', () => {
  const quota = new Quota({ streams: 2, streamsPerTenant: 2 });
  const giveBack = quota.take('a');
  quota.take('a');
  giveBack();
  giveBack();
  quota.take('b');
  expect(refusal(quota, 'b')).toMatchObject({ code: 'unavailable' });
});

test('a tenant that has too many is told so even while the process is full', () => {
  const quota = new Quota({ streams: 1, streamsPerTenant: 1 });
  quota.take('a');
  expect(refusal(quota, 'a')).toMatchObject({ code: 'too_many_requests' });
  expect(refusal(quota, 'b')).toMatchObject({ code: 'unavailable' });
});

test('who holds streams is known while one is held', () => {
  const quota = new Quota({ streams: 9, streamsPerTenant: 9 });
  const places = [quota.take('a'), quota.take('a')];
  places[0]?.();
  expect(quota.has('a')).toBe(true);
  places[1]?.();
  expect([quota.has('a'), quota.has('b')]).toEqual([false, false]);
});
