import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Receipt, ReceiptLog, readReceipts } from './receipts.js';

describe('receipts', () => {
  test('come back as they were kept, over several pages, with ids of every length', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callbox-receipts-'));
    const ids = ['01KAMZ0727E000000000000000', '019aa9f0-1c2d-7000-8000-000000000000', 'x'];
    const given = Array.from({ length: 60_000 }, (_, index): Receipt => {
      return { counter: index, isDuplicate: index % 3 === 0, id: ids[index % 3] ?? '' };
    });
    try {
      const log = new ReceiptLog();
      for (const receipt of given) log.add(receipt);
      log.save(join(folder, 'receipts'));
      expect([...readReceipts(join(folder, 'receipts'))]).toEqual(given);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('are none when none was kept', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callbox-receipts-'));
    try {
      new ReceiptLog().save(join(folder, 'receipts'));
      expect([...readReceipts(join(folder, 'receipts'))]).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
