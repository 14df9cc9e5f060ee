import { tmpdir } from 'node:os';
import { jest } from '@jest/globals';
import { loadSettings, type Settings } from '#config';
import { createLogger } from '#logging';
import { DiskSpace } from './disk-space.js';

const MORE_THAN_THERE_IS = 2 ** 60;
const diskFull = Object.assign(new Error('could not extend file'), { code: '53100' });

function settingsOf(changes: Partial<Settings>): Settings {
  const loaded = loadSettings({});
  if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
  return { ...loaded.settings, ...changes };
}

function diskSpace(settings: Settings) {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
  const told = () => lines.map((line) => JSON.parse(line) as { msg: string; free_bytes?: number });
  return { disk: new DiskSpace(settings, logger), told };
}

describe('the log', () => {
  test('is told once when the reserve is reached, and once when that is over', async () => {
    const settings = settingsOf({ databaseDir: tmpdir(), diskReserveBytes: MORE_THAN_THERE_IS });
    const { disk, told } = diskSpace(settings);
    for (let look = 0; look < 3; look++) await disk.look();
    expect(disk.isShort).toBe(true);
    expect(told()).toMatchObject([
      {
        msg: 'database.disk_short',
        level: 'warn',
        reason: 'reserve_reached',
        free_bytes: expect.any(Number),
        reserve_bytes: MORE_THAN_THERE_IS,
      },
    ]);
    Object.assign(settings, { diskReserveBytes: 1 });
    for (let look = 0; look < 3; look++) await disk.look();
    expect(disk.isShort).toBe(false);
    expect(told().map(({ msg }) => msg)).toEqual(['database.disk_short', 'database.disk_has_room']);
  });

  test('is told nothing where there is room from the start', async () => {
    const { disk, told } = diskSpace(settingsOf({ databaseDir: tmpdir(), diskReserveBytes: 1 }));
    await disk.look();
    expect(told()).toEqual([]);
  });

  describe('of a full disk that only the database can see', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    test('is told once, however often that is found out anew, and once when it has not been for a while', async () => {
      const { disk, told } = diskSpace(settingsOf({ databaseDir: undefined }));
      for (let seconds = 0; seconds < 30; seconds += 3) {
        disk.noteError(diskFull);
        await disk.look();
        jest.advanceTimersByTime(3_000);
        await disk.look();
        expect(disk.isShort).toBe(false);
      }
      expect(told()).toMatchObject([{ msg: 'database.disk_short', reason: 'database_says_full' }]);
      jest.advanceTimersByTime(10_000);
      await disk.look();
      expect(told().map(({ msg }) => msg)).toEqual(['database.disk_short', 'database.disk_has_room']);
    });

    test('says nothing of other errors', async () => {
      const { disk, told } = diskSpace(settingsOf({ databaseDir: undefined }));
      disk.noteError(Object.assign(new Error('unique'), { code: '23505' }));
      disk.noteError(null);
      await disk.look();
      expect(disk.isShort).toBe(false);
      expect(told()).toEqual([]);
    });
  });
});
