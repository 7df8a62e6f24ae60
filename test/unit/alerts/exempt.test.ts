import { expect, it } from 'vitest';
import { storeExemptions } from '../../../src/alerts/exempt.ts';
import type { Store } from '../../../src/ports/store.ts';
import { exemption, NOON } from '../../support/runs.ts';

it('exemptions of a stack whose runs go on changing are refused, and say so', async () => {
  const { id: _, ...snooze } = exemption();
  let tries = 0;
  const stored = storeExemptions(
    {
      // As where a run begins to wait between each look at the runs and the write.
      store: { runs: async () => [] } as unknown as Store,
      worker: {
        submit: () => Promise.reject(new Error('no run waits')),
        write: async () => {
          tries += 1;
          return false;
        },
      },
      clock: () => NOON,
    },
    { name: 'prod-network' },
    [snooze],
    [],
  );
  await expect(stored).rejects.toThrow(
    'storing the exemptions of prod-network: its runs go on changing, so nothing was stored',
  );
  expect(tries).toBe(5);
});
