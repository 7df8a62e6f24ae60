/** The Home tab with everything real except the cloud: it shows drift, and people decide there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DANA, EVE, startWorld, type World, words } from '../support/world.ts';

const INGRESS = 'terraform_data.web, lets in';
const REVERT = 'Approve: apply the code';
const SSH = '22/tcp from 203.0.113.7/32';
const SOON = 60_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({ cloud: 'plain' });
});
afterAll(() => world?.close());

/** Waits until the person's Home tab contains the text. */
function home(user: string, wanted: string) {
  return world.workspace.waitFor(() => {
    const view = world.workspace.as(user).home;
    return view !== null && words(view).includes(wanted) ? view : null;
  }, SOON);
}

describe('an open Home tab', () => {
  it('is updated after a change in the cloud, for each person by their permissions', async () => {
    await world.workspace.as(DANA).openHome();
    await world.workspace.as(EVE).openHome();
    await home(DANA, '1 never checked');
    await world.cloud.console.run('open-ssh');
    expect((await world.check()).state).toBe('awaiting_approval');
    await home(DANA, '1 stack waits for you');
    expect(words(await home(EVE, '1 stack drifted'))).toContain('waits for sre or the person on call (Dana)');
  });

  it('lets people review the drift and revert it', async () => {
    const dana = world.workspace.as(DANA);
    await dana.click(await home(DANA, 'waits for you'), 'Review prod-network');
    const dialog = await world.view(DANA);
    expect(words(dialog)).toContain(SSH);
    await dana.click(dialog, REVERT, { confirm: true });
    await world.until(1, 'realigned');
    expect(await world.fact(INGRESS)).not.toContain(SSH);
    await home(DANA, 'nothing has drifted');
    await home(EVE, 'nothing has drifted');
  });
});
