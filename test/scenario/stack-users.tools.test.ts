/** m0 as root, as in its image: by default it runs each stack as a separate user. */
import { chmodSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWN_USERS } from '../../src/terraform/stack-user-default.ts';
import { DANA, startWorld, type World } from '../support/world.ts';

const [FROM = 0, TO = 0] = OWN_USERS.split('-').map(Number);

describe.runIf(process.getuid?.() === 0)('m0 as root', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      cloud: 'plain',
      async prepare(cloud) {
        // Open to all users like /var/lib: the folders in it must protect themselves.
        for (let at = dirname(cloud.repos.infra); at !== tmpdir(); at = dirname(at)) chmodSync(at, 0o755);
      },
    });
  });
  afterAll(() => world?.close());

  it('finds drift and reverts it, with the tools of each stack running as another user', async () => {
    await world.cloud.console.run('open-ssh');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    const home = join(world.dir, 'data/work', run.stack, 'home');
    expect(statSync(home).uid).toBeGreaterThanOrEqual(FROM);
    expect(statSync(home).uid).toBeLessThanOrEqual(TO);
    expect(world.logs.join('')).not.toContain("stacks run as m0's own user");

    await world.approve(DANA, run.id);
    await world.until(run.id, 'realigned');
    expect(await world.fact('lets in')).not.toContain('22');
  });
});
