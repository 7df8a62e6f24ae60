import { describe, expect, it } from 'vitest';
import { createKeyedLock } from '../../../src/base/keyed-lock.ts';

function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe('createKeyedLock', () => {
  it('runs one work per key at a time, in order, independent of other keys', async () => {
    const alone = createKeyedLock();
    const said: string[] = [];
    const first = gate();
    const work = [
      alone('a', async () => {
        said.push('1 begins');
        await first.opened;
        said.push('1 ends');
      }),
      alone('a', async () => void said.push('2')),
      alone('a', async () => void said.push('3')),
    ];
    await alone('b', async () => void said.push('other'));
    first.open();
    await Promise.all(work);
    expect(said).toEqual(['1 begins', 'other', '1 ends', '2', '3']);
  });

  it('continues after work that failed', async () => {
    const alone = createKeyedLock();
    await expect(alone('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await alone('a', async () => 'fine')).toBe('fine');
  });

  it('lets an aborted caller leave the queue, and keeps the order of the others', async () => {
    const alone = createKeyedLock();
    const first = gate();
    const stop = new AbortController();
    let ran = false;
    const one = alone('a', () => first.opened);
    const two = alone(
      'a',
      async () => {
        ran = true;
      },
      stop.signal,
    );
    let oneIsOver = false;
    const three = alone('a', async () => oneIsOver);
    stop.abort(new Error('called off'));
    await expect(two).rejects.toThrow('called off');
    oneIsOver = true;
    first.open();
    await one;
    expect(await three).toBe(true);
    expect(ran).toBe(false);
    await expect(alone('a', async () => 1, stop.signal)).rejects.toThrow('called off');
  });
});
