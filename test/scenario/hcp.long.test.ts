/** A layout in HCP Terraform: with runs made here as any backend, with runs made there only told. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import { testTools } from '../support/cloud.ts';
import { HCP_TOKEN, type Hcp, startHcp } from '../support/hcp.ts';
import { buttons, DANA, startWorld, type World, words } from '../support/world.ts';

const RESOURCES = `resource "terraform_data" "logs" { input = "owner=platform" }
resource "terraform_data" "web" { input = "443" }
`;
const AS_CODE = { logs: 'owner=platform', web: '443' };

let hcp: Hcp;
let world: World;

beforeAll(async () => {
  const tools = await testTools();
  hcp = await startHcp({ terraform: tools.terraform ?? '', cliConfig: tools.terraformCliConfig });
  hcp.workspaces.set('prod-web', { executionMode: 'local', locked: false, state: null });
  // A host with a port has no variable of its own, so the token stands in the code.
  const backend = `terraform {
  cloud {
    hostname     = "${hcp.host}"
    token        = "${HCP_TOKEN}"
    organization = "acme"
    workspaces { name = "prod-web" }
  }
}
`;
  world = await startWorld({
    cloud: 'plain',
    variables: { SSL_CERT_FILE: hcp.ca },
    async prepare({ repos }) {
      const files = { 'live/web/backend.tf': backend, 'live/web/main.tf': RESOURCES };
      await commitAs(repos.infra, process.env, { author: KIM_WRITES, at: Date.now(), message: 'Web', files });
    },
    config: (yaml) => yaml.replace(/path: envs\/prod\/network\n/, 'path: live/web\n'),
  });
});
afterAll(async () => {
  await world?.close();
  await hcp?.close();
});

interface StateFile {
  serial: number;
  resources: { name: string; instances: { attributes: Record<'input' | 'output', { value: string }> }[] }[];
}
const workspace = () => {
  const found = hcp.workspaces.get('prod-web');
  if (found === undefined) throw new Error('there is no workspace');
  return found;
};
const state = (): StateFile => JSON.parse(workspace().state?.toString('utf8') ?? '{}') as StateFile;
const inputs = (): unknown =>
  Object.fromEntries(state().resources.map((r) => [r.name, r.instances[0]?.attributes.input.value]));
/** Changes the state, as if somebody had applied other code. */
function change(values: Readonly<Record<string, string>>): void {
  const changed = state();
  for (const { name, instances } of changed.resources) {
    const [instance] = instances;
    const value = values[name];
    if (instance === undefined || value === undefined) continue;
    for (const key of ['input', 'output'] as const) instance.attributes[key].value = value;
  }
  workspace().state = Buffer.from(JSON.stringify({ ...changed, serial: changed.serial + 1 }));
}

it('with runs made here, heals what a policy allows and applies what Dana approved', async () => {
  const first = await world.check();
  expect(first).toMatchObject({ state: 'awaiting_approval', failure: null });
  await world.approve(DANA, first.id);
  await world.until(first.id, 'realigned');
  expect(inputs()).toEqual(AS_CODE);

  change({ logs: 'owner=nobody', web: '22' });
  const run = await world.check();
  expect(run).toMatchObject({ state: 'awaiting_approval', tellOnly: null });
  expect(inputs()).toEqual({ logs: 'owner=platform', web: '22' });
  await world.approve(DANA, run.id);
  await world.until(run.id, 'realigned');
  expect(inputs()).toEqual(AS_CODE);
  expect(workspace().locked).toBe(false);
});

it('with runs made there, tells the drift and why it applies nothing', async () => {
  workspace().executionMode = 'remote';
  change({ logs: 'owner=nobody', web: '22' });
  const run = await world.check();
  expect(run).toMatchObject({ state: 'denied', tellOnly: expect.stringContaining('acme/prod-web') });
  const card = await world.card('terraform_data.web', 'never applied', 'execution mode remote');
  expect(buttons(card).filter((label) => /apply|revert|approve/i.test(label))).toEqual([]);
  await world.type(DANA, `approve #${run.id}`);
  await world.whisper(DANA, 'never applied');
  expect((await world.run(run.id)).state).toBe('denied');
  expect(inputs()).toEqual({ logs: 'owner=nobody', web: '22' });
  expect(hcp.requests).not.toContainEqual(expect.stringContaining('apply'));
});

it('says that the drift is gone once somebody has applied there', async () => {
  change(AS_CODE);
  expect(await world.check()).toMatchObject({ state: 'clean', tellOnly: expect.any(String) });
  const gone = await world.card('drift is gone');
  expect(words(gone)).toContain('code and cloud agree');
  expect(world.logs.join()).not.toContain(HCP_TOKEN);
});
