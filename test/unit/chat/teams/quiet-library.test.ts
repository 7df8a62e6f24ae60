import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';

test('what a library says within is dropped, all else is heard, at the same time too', async () => {
  const heard: unknown[] = [];
  const before = vi.spyOn(console, 'error').mockImplementation((...words) => void heard.push(...words));
  // The module replaces console.error once: here it must be the spy, whatever another test has loaded.
  vi.resetModules();
  const { withoutConsoleErrors } = await import('../../../../src/chat/teams/quiet-library.ts');
  try {
    const within = withoutConsoleErrors(async () => {
      console.error('a key');
      await sleep(5);
      console.error('another key');
      return 'refused';
    });
    console.error('something else');
    await expect(within).resolves.toBe('refused');
    await expect(withoutConsoleErrors(() => Promise.reject(new Error('expired')))).rejects.toThrow('expired');
    console.error('and after');
    expect(heard).toEqual(['something else', 'and after']);
  } finally {
    before.mockRestore();
  }
});
