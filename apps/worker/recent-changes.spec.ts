import type { ClaimedDelivery } from '#deliveries';
import { RecentChanges } from './recent-changes.js';

const delivery = {
  tenant_id: 'tenant',
  source_id: 'source',
  destination: { id: 'destination' },
} as unknown as ClaimedDelivery;

describe('recent changes', () => {
  test.each(['source', 'destination'])(
    'of a %s overtake what was claimed before, and nothing later',
    (kind) => {
      const changes = new RecentChanges(() => 100);
      changes.note({ kind, key: `tenant/${kind}` });
      expect([99, 100, 101].map((claimedAtMs) => changes.haveOvertaken(delivery, claimedAtMs))).toEqual([
        true,
        true,
        false,
      ]);
    },
  );

  test.each(['tenant/other', 'other/destination'])('of %s concern nobody else', (key) => {
    const changes = new RecentChanges(() => 100);
    changes.note({ kind: 'destination', key });
    expect(changes.haveOvertaken(delivery, 0)).toBe(false);
  });

  test('name the destination whose deliveries need not wait any longer', () => {
    const changes = new RecentChanges();
    const noted = ['destination', 'source', 'tenant'].map((kind) =>
      changes.note({ kind, key: 'tenant/one' }),
    );
    expect(noted).toEqual(['one', null, null]);
  });
});
