import { Crowd } from './crowd.js';

const named = (name: string) => ({ name, place: -1 });
const names = (crowd: Crowd<ReturnType<typeof named>>) => [...crowd].map(({ name }) => name).sort();

describe('a crowd', () => {
  test('has those that came and have not left, in whatever order they leave', () => {
    const crowd = new Crowd<ReturnType<typeof named>>();
    const [first, second, third, fourth] = [named('a'), named('b'), named('c'), named('d')];
    for (const one of [first, second, third, fourth]) crowd.add(one);
    crowd.delete(second);
    expect(names(crowd)).toEqual(['a', 'c', 'd']);
    crowd.delete(fourth);
    crowd.delete(first);
    expect(names(crowd)).toEqual(['c']);
    crowd.add(second);
    crowd.delete(third);
    expect(names(crowd)).toEqual(['b']);
    crowd.delete(second);
    expect(names(crowd)).toEqual([]);
  });

  test('knows nothing of those that have left, or never came', () => {
    const crowd = new Crowd<ReturnType<typeof named>>();
    const [stays, left] = [named('stays'), named('left')];
    crowd.add(stays);
    crowd.add(left);
    crowd.delete(left);
    crowd.delete(left);
    crowd.delete(named('stranger'));
    expect(names(crowd)).toEqual(['stays']);
  });

  test('may be left while it is looked through', () => {
    const crowd = new Crowd<ReturnType<typeof named>>();
    for (const name of ['a', 'b', 'c', 'd', 'e']) crowd.add(named(name));
    const seen: string[] = [];
    for (const one of crowd) {
      seen.push(one.name);
      crowd.delete(one);
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(names(crowd)).toEqual([]);
  });
});
