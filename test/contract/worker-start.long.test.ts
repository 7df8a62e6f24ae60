/** A worker that can't work as it is set up says so in one line, and ends with the documented exit code. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tellPlace } from '../../src/artifacts/shared-place.ts';
import { createLogger } from '../../src/base/log.ts';
import type { Variables } from '../../src/config/environment.ts';
import { fingerprintKey } from '../../src/fingerprint-key.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { openStore } from '../../src/store/open.ts';
import { testTools } from '../support/cloud.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';

const CONFIG = `chat: { slack: { mode: socket } }
defaults: { channels: [slack:C0OPS] }
stacks:
  - name: prod-network
    environment: prod
    source: { git: https://git.acme.dev/infra.git, ref: main, path: network }
    worker: private
    env: { TOKEN: "\${env:NETWORK_TOKEN}" }
`;
const KEY = randomBytes(32);

describe.skipIf(POSTGRES_MISSING !== null)('a worker that is set up wrongly', () => {
  let dir: string;
  let settings: Variables;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-worker-start-'));
    const url = await databaseIn(dir);
    const config = join(dir, 'm0.yaml');
    writeFileSync(config, CONFIG);
    const location = `file:${join(dir, 'plans')}`;
    // What m0 serve stores at its start.
    const store = await openStore({ url, log: createLogger('silent'), jobOf });
    await fingerprintKey(store);
    await tellPlace(store, { location, keys: [KEY] });
    const digest = createHash('sha256').update(CONFIG).digest('hex');
    const inUse = { shown: config, digest, commit: null, since: Date.now() };
    await store.setValue('config-in-use', JSON.stringify(inUse));
    await store.close();
    const { PATH, HOME } = process.env;
    const { opa, terraform } = await testTools();
    settings = {
      ...{ PATH, HOME, M0_CONFIG: config, M0_DATA_DIR: join(dir, 'data'), M0_DATABASE_URL: url },
      ...{ M0_ARTIFACTS: location, M0_ARTIFACT_KEY: KEY.toString('base64'), M0_LOG_LEVEL: 'error' },
      ...{ NETWORK_TOKEN: 'network-token', M0_OPA: opa, M0_TERRAFORM: terraform ?? undefined },
    };
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Starts it with changed settings; resolves with its exit code and what it wrote to stderr. */
  async function start(change: Variables, labels = 'private') {
    const child = spawn(process.execPath, [resolve('src/main.ts'), 'worker', '--labels', labels], {
      env: { ...settings, ...change },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const [code] = await once(child, 'close');
    return { code, text };
  }

  it.each<[string, () => Variables, number, RegExp, string?]>([
    [
      'with an SQLite database',
      () => ({ M0_DATABASE_URL: `file:${join(dir, 'm0.db')}` }),
      2,
      /^m0: M0_DATABASE_URL: several processes need a PostgreSQL database: set it to the postgres:.* of m0 serve\n$/,
    ],
    [
      'without a key for plan files',
      () => ({ M0_ARTIFACT_KEY: '' }),
      2,
      /^m0: M0_ARTIFACT_KEY: is not set, .*: set it to the key of m0 serve\n$/,
    ],
    [
      'with another key',
      () => ({ M0_ARTIFACT_KEY: randomBytes(32).toString('base64') }),
      2,
      /^m0: M0_ARTIFACT_KEY: is not the key of m0 serve: set the same on all machines\n$/,
    ],
    [
      'with plan files in a folder of its own',
      () => ({ M0_ARTIFACTS: '' }),
      2,
      /^m0: M0_ARTIFACTS: is a folder of this machine, .*: set it to s3:.*\n$/,
    ],
    [
      'with another place for plan files',
      () => ({ M0_ARTIFACTS: `file:${dir}/elsewhere` }),
      2,
      /^m0: M0_ARTIFACTS: is file:\S+elsewhere, and m0 serve keeps plan files in file:\S+plans: set both to the same place\n$/,
    ],
    [
      'with another m0.yaml',
      () => {
        writeFileSync(join(dir, 'other.yaml'), `${CONFIG}# another text\n`);
        return { M0_CONFIG: join(dir, 'other.yaml') };
      },
      2,
      /^m0: \S+other.yaml here is not the one that m0 serve uses \(\S+m0.yaml\): give both the same\n$/,
    ],
    [
      'without the values of its stacks',
      () => ({ NETWORK_TOKEN: undefined }),
      2,
      /^m0: m0.yaml: takes values for stack prod-network from variables that are not set for this worker: set NETWORK_TOKEN\n$/,
    ],
    [
      'with a label that is none',
      () => ({}),
      2,
      /^m0: worker: "Private VPC" is no label: labels have up to 40 small letters, digits and hyphens, as in private-vpc\n$/,
      'Private VPC',
    ],
  ])('%s', async (_, change, code, text, labels) => {
    const ended = await start(change(), labels);
    expect(ended.text).toMatch(text);
    expect(ended.code).toBe(code);
  });

  it('before m0 serve was ever started', async () => {
    const url = await (await postgresServer()).create('m0_never_started', 'empty');
    const ended = await start({ M0_DATABASE_URL: url });
    expect(ended.text).toMatch(
      /^m0: opening the database \S+: m0 serve has not been started on this database yet: start it first\n$/,
    );
    expect(ended.code).toBe(1);
  });

  it('with a database of a newer version, and of an older one', async () => {
    const { sql } = await postgresServer();
    const database = databaseFor(dir);
    const [{ newest } = {}] = await sql(
      database,
      'SELECT max(created_at) AS newest FROM __drizzle_migrations',
    );
    await sql(database, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)");
    const newer = await start({});
    await sql(database, `DELETE FROM __drizzle_migrations WHERE created_at >= ${newest}`);
    const older = await start({});
    await sql(database, `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('y', ${newest})`);
    expect(newer.text).toMatch(
      /^m0: opening the database \S+: the database was written by a newer version of m0: start that version, or restore a back-up from before the upgrade\n$/,
    );
    expect(older.text).toMatch(/: start m0 serve of this version first, which migrates it\n$/);
    expect([newer.code, older.code]).toEqual([1, 1]);
  });

  it('with queues of an older version, which it leaves as they are', async () => {
    const { sql } = await postgresServer();
    const database = databaseFor(dir);
    const version = 'SELECT version FROM m0_jobs.version';
    const [now] = await sql(database, version);
    await sql(database, 'UPDATE m0_jobs.version SET version = version - 1');
    const older = await start({});
    expect(older.text).toMatch(
      /^m0: opening the queues of the workers: their tables are not those of this version of m0: start m0 serve of this version first, which makes them\n$/,
    );
    expect(older.code).toBe(1);
    expect(Number((await sql(database, version))[0]?.version)).toBe(Number(now?.version) - 1);
    await sql(database, 'UPDATE m0_jobs.version SET version = version + 1');
  });
});
