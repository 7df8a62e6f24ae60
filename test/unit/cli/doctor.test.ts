import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AskSlack, doctor } from '../../../src/cli/doctor.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { DANA_THERE, FakePagerDuty, KEY, SAM } from '../../support/fake-pagerduty.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-doctor-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const nobodyAsks: AskSlack = async () => {
  throw new Error('asked without a reason');
};

async function run(variables: Record<string, string>, askSlack: AskSlack = nobodyAsks) {
  const lines: string[] = [];
  const io = { out: (text: string) => lines.push(text), err: (text: string) => lines.push(text) };
  const env = readEnvironment({ HOME: dir, PATH: dir, M0_DATA_DIR: path.join(dir, 'data'), ...variables });
  const code = await doctor(
    io,
    { ...env, configPath: variables.M0_CONFIG ?? path.join(dir, 'm0.yaml') },
    askSlack,
  );
  return { code, text: lines.join('') };
}

it('names what is missing, says what to do, and fails', async () => {
  const { code, text } = await run({});
  expect(code).toBe(1);
  expect(text).toMatch(/^Git +MISSING/m);
  expect(text).toContain('-> apt-get install git');
  expect(text).toMatch(/^Terraform, OpenTofu +MISSING/m);
  expect(text).toMatch(/^opa +warning +not set up yet/m);
});

it('asks the database that is named, also where there is no m0.yaml yet', async () => {
  const url = 'postgres://m0:hidden@127.0.0.1:1/m0';
  const { code, text } = await run({ M0_DATABASE_URL: url });
  expect(code).toBe(1);
  expect(text).toMatch(/^database +MISSING +.*cannot be reached/m);
  expect(text).not.toContain('hidden');
  expect((await run({})).text).not.toMatch(/^database/m);
});

it('shows the problems of the configuration with their position', async () => {
  const file = path.join(dir, 'm0.yaml');
  await writeFile(file, 'stakcs: []\n');
  const { code, text } = await run({ M0_CONFIG: file });
  expect(code).toBe(1);
  expect(text).toMatch(/^configuration +MISSING +.*stakcs/m);
});

it('says whether Slack answers, and never shows a token', async () => {
  const file = path.join(dir, 'm0.yaml');
  await writeFile(file, 'stacks: []\n');
  const secrets = { SLACK_BOT_TOKEN: 'xoxb-1-hidden', SLACK_APP_TOKEN: 'xapp-1-hidden' };
  const good = await run({ M0_CONFIG: file, ...secrets }, async () => ({
    found: 'Acme knows the bot token',
    scopes: ['chat:write', 'files:write'],
  }));
  expect(good.text).toMatch(/^Slack +ok +Acme/m);
  const less = await run({ M0_CONFIG: file, ...secrets }, async () => ({
    found: 'Acme knows the bot token',
    scopes: ['chat:write'],
  }));
  expect(less.text).toMatch(
    /^Slack +warning +Acme .*lacks files:write: digests go out without their picture/m,
  );
  const bad = await run({ M0_CONFIG: file, ...secrets }, async () => {
    throw new Error('invalid_auth');
  });
  expect(bad.text).toMatch(/^Slack +MISSING +invalid_auth/m);
  expect(good.text + bad.text).not.toContain('hidden');
});

it('says what Teams needs, and does not check Slack if m0.yaml does not use it', async () => {
  const file = path.join(dir, 'm0.yaml');
  await writeFile(
    file,
    `chat: { teams: {} }
defaults: { channels: ["teams:19:ops@thread.tacv2"] }
stacks: [ { name: prod, environment: prod, source: { git: ./infra } } ]
`,
  );
  const rowOf = async (variables: Record<string, string>) =>
    (await run({ M0_CONFIG: file, ...variables })).text.split('\n').filter((l) => /Teams|Slack/.test(l));
  const app = { MICROSOFT_APP_ID: 'app', MICROSOFT_APP_PASSWORD: 'hidden' };
  expect(await rowOf({})).toEqual([
    expect.stringMatching(/^Teams app +MISSING +MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD not set$/),
  ]);
  expect(await rowOf(app)).toEqual([expect.stringMatching(/^Teams app +warning .*only people of m0.yaml/)]);
  expect(await rowOf({ ...app, MICROSOFT_APP_TENANT_ID: 'x' })).toEqual([
    expect.stringMatching(/^Teams app +ok +set$/),
  ]);
  expect(await rowOf({ M0_TEAMS_INSECURE_LOOPBACK: '1' })).toEqual([
    expect.stringMatching(/^Teams app +warning +no app id: anybody/),
  ]);
});

it('refuses a data folder that cannot be written', async () => {
  const file = path.join(dir, 'file');
  await writeFile(file, '');
  const { code, text } = await run({ M0_DATA_DIR: path.join(file, 'below') });
  expect(code).toBe(1);
  expect(text).toMatch(/^data folder +MISSING/m);
});

it('says whether PagerDuty answers and names people whom m0 knows; never shows the key', async () => {
  const file = path.join(dir, 'm0.yaml');
  await writeFile(
    file,
    `chat: { slack: {} }
people: { dana: { slack: U0DANA, email: dana@acme.dev } }
oncall: { primary: { pagerduty: { schedule: PABC123 } } }
defaults: { channels: [slack:C0OPS] }
stacks: [ { name: prod, environment: prod, source: { git: ./infra } } ]
`,
  );
  const pagerduty = await FakePagerDuty.start();
  const set = { M0_CONFIG: file, PAGERDUTY_TOKEN: KEY, PAGERDUTY_API_URL: pagerduty.url };
  try {
    pagerduty.puts('PABC123', DANA_THERE, null);
    const good = await run(set);
    expect(good.text).toMatch(/^PagerDuty, primary +ok +on call now: dana$/m);
    pagerduty.puts('PABC123', SAM, null);
    const unknown = await run(set);
    expect(unknown.text).toMatch(/^PagerDuty, primary +warning +PagerDuty says Sam Lee/m);
    const wrong = await run({ ...set, PAGERDUTY_TOKEN: 'hidden' });
    expect(wrong.text).toMatch(/^PagerDuty, primary +MISSING +.*refuses the key/m);
    const none = await run({ ...set, PAGERDUTY_TOKEN: '' });
    expect(none.text).toMatch(/^PagerDuty +MISSING +PAGERDUTY_TOKEN is not set/m);
    expect(none.code).toBe(1);
    expect([good, unknown, wrong].map((r) => r.text).join()).not.toMatch(/hidden|4711/);
  } finally {
    await pagerduty.close();
  }
});

it("says that stacks share m0's user, and what that means", async () => {
  const file = path.join(dir, 'm0.yaml');
  await writeFile(file, 'stacks: []\n');
  // The folder is closed to other users, and without root m0 can't start processes as another user.
  const shared = await run({ M0_CONFIG: file });
  expect(shared.text).toMatch(
    /^stacks' users +warning +m0's own, because .+: code that a stack runs can read/m,
  );
  const said = await run({ M0_CONFIG: file, M0_STACK_USER: 'self' });
  expect(said.text).toMatch(/^stacks' users +ok +m0's own, as M0_STACK_USER says/m);
});

it('says of each identity in a cloud whether it is complete, and of stacks without a backend', async () => {
  const file = path.join(dir, 'm0.yaml');
  const google = [
    'planServiceAccount: plan@acme.dev, planCredentials: plan.json',
    'applyServiceAccount: apply@acme.dev, applyCredentials: apply.json',
  ].join(', ');
  await writeFile(
    file,
    `chat: { slack: {} }\ndefaults: { channels: [slack:C0OPS], google: { ${google} } }\nstacks:\n${[
      'one',
      'two',
    ]
      .map((name) => `  - { name: ${name}, environment: prod, source: { git: ./infra } }\n`)
      .join('')}`,
  );
  await writeFile(path.join(dir, 'plan.json'), '{"private_key":"never-shown-4711"}');
  const work = path.join(dir, 'data', 'work', 'two');
  await mkdir(work, { recursive: true });
  await writeFile(path.join(work, 'init.json'), '{}');
  const { code, text } = await run({ M0_CONFIG: file });
  expect(code).toBe(1);
  expect(text).toMatch(
    /^Google, plan +ok +plan@acme.dev: its variables and files are complete; .* \(one, two\)$/m,
  );
  expect(text).toMatch(
    /^Google, apply +MISSING +google.applyCredentials: .*apply.json can't be read \(ENOENT\)/m,
  );
  expect(text).toMatch(/^backends +warning +none, so the state is in .*data alone: two$/m);
  expect(text).not.toContain('never-shown-4711');
});
