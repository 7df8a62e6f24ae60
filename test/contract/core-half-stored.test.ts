/** The answers of commands during which the database fails: they never say that nothing was stored where something was. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoreError } from '../../src/ports/store-error.ts';
import { Core, STACK } from '../support/core.ts';
import { sshFinding } from '../support/runs.ts';

const AWAY = new StoreError('reading: the database server cannot be reached', { problem: 'busy' });
const UNKNOWN = new StoreError('the connection was lost at the commit', { problem: 'uncertain' });
const NOTHING = 'Nothing was stored or changed';
const SOMETHING = 'm0 can’t say whether all of it was stored';

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(() => core.close());

/** From now on `method` fails, once `after` was called. */
function failing(method: string, after: string | null = null, error: Error = AWAY): void {
  let isDue = after === null;
  core.storeFault = (called) => {
    if (isDue && called === method) return error;
    isDue ||= called === after;
    return null;
  };
}
async function answerTo(text: string): Promise<string> {
  const said = await core.sayText(text);
  core.storeFault = null;
  return said;
}

it('before the commit: nothing was stored', async () => {
  failing('commit');
  expect(await answerTo('pause prod incident')).toContain(NOTHING);
  expect(await core.store.pauses()).toEqual([]);
});

it('after the commit: it may be stored', async () => {
  failing('runs', 'commit');
  expect(await answerTo('pause prod incident')).toContain(SOMETHING);
  expect(await core.store.pauses()).toHaveLength(1);
});

it('at the commit, and the database can not tell: it may be stored', async () => {
  failing('commit', null, UNKNOWN);
  expect(await answerTo('pause prod incident')).toContain(SOMETHING);
});

it('at the look for the open card: what was done is told', async () => {
  core.cloud.drift.set(STACK, [sshFinding()]);
  const { id } = await core.check();
  await core.deliver();
  failing('alerts', 'commit');
  expect(await answerTo(`reject #${id}`)).toContain(`Run #${id} is rejected`);
  expect((await core.run(id)).state).toBe('rejected');
});
