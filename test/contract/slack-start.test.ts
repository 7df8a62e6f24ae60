import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sandboxConfig } from '../../src/sandbox/config.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { serve } from '../../src/serve.ts';
import { testTools } from '../support/cloud.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'm0-start-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Starts m0 in the mode with these secrets. Slack is down, which does not prevent the start. */
async function start(mode: 'socket' | 'http', secrets: Record<string, string>) {
  const yaml = sandboxConfig({
    ...{ tool: 'terraform', repos: { infra: dir, policies: dir }, stackEnv: {} },
    ...{ zone: 'UTC', schedule: '0 0 29 2 *', teamsChannel: null },
  });
  await writeFile(join(dir, 'm0.yaml'), yaml.replace('mode: socket', `mode: ${mode}`));
  const base = {
    ...{ PATH: process.env.PATH, HOME: dir, PORT: '0', M0_DATA_DIR: dir, SLACK_BOT_TOKEN: 'xoxb-1' },
    ...{
      M0_DATABASE_URL: `file:${join(dir, 'm0.db')}`,
      SLACK_API_URL: 'http://127.0.0.1:1/api/',
      ...secrets,
    },
  };
  return serve({
    config: await loadConfig(join(dir, 'm0.yaml'), base, isValidCron),
    environment: readEnvironment(base),
    tools: await testTools(),
    base,
    log: createLogger('silent'),
  });
}

it.each(['socket', 'http'] as const)('in %s mode m0 needs its own secret, not the other’s', async (mode) => {
  const [mine, other] =
    mode === 'http'
      ? ['SLACK_SIGNING_SECRET', { SLACK_APP_TOKEN: 'xapp-1' }]
      : ['SLACK_APP_TOKEN', { SLACK_SIGNING_SECRET: 'secret' }];
  await expect(start(mode, other as Record<string, string>)).rejects.toThrow(`${mine} is not set`);
  const service = await start(mode, { [mine]: mode === 'http' ? 'secret' : 'xapp-1' });
  const { status } = await fetch(`${service.url}/slack/events`, { method: 'POST', body: 'text=x' });
  // In Socket Mode the endpoint does not exist.
  expect(status).toBe(mode === 'http' ? 401 : 413);
  const ready = (await (await fetch(`${service.url}/readyz`)).json()) as { ok: boolean };
  expect(ready.ok).toBe(false);
  await service.close();
});
