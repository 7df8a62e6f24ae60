/** The rows of `m0 doctor` and `config check --reach` about the roles that read who changed a cloud. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roleRows } from '../../src/cli/reach-roles.ts';
import type { CauseSettings } from '../../src/model/cloud-roles.ts';
import type { Stack } from '../../src/model/directory.ts';
import { ATHENA_CAUSES, CAUSES } from '../support/causes.ts';
import { LOG } from '../support/cloudtrail-answers.ts';
import { stackWith } from '../support/core.ts';
import { type FakeAthena, startFakeAthena } from '../support/fake-athena.ts';
import { type FakeCloudTrail, startFakeCloudTrail } from '../support/fake-cloudtrail.ts';
import { type FakeSts, startFakeSts } from '../support/fake-sts.ts';

const ROLE = 'arn:aws:iam::123456789012:role/m0-causes';

let sts: FakeSts;
let trail: FakeCloudTrail;
let athena: FakeAthena;
beforeEach(async () => {
  sts = await startFakeSts();
  trail = await startFakeCloudTrail(LOG);
  athena = await startFakeAthena(LOG);
  return async () => {
    await Promise.all([sts.close(), trail.close(), athena.close()]);
  };
});

function stackOf(name: string, causes: CauseSettings): Stack {
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const urls = { AWS_ENDPOINT_URL_STS: sts.url, AWS_ENDPOINT_URL_CLOUDTRAIL: trail.url };
  return stackWith({ name, causes, env: { ...keys, ...urls, AWS_ENDPOINT_URL_ATHENA: athena.url } });
}

describe.each([
  [
    'CloudTrail',
    CAUSES,
    `${ROLE} may look up events in eu-central-1`,
    `asking CloudTrail in eu-central-1 as ${ROLE}: `,
  ],
  [
    'Athena',
    ATHENA_CAUSES,
    `${ROLE} may query audit.cloudtrail_logs_pp in eu-central-1 with the workgroup m0`,
    `asking Athena for audit.cloudtrail_logs_pp in eu-central-1 as ${ROLE}: `,
  ],
] as const)('the role that asks %s', (_, causes, found, asking) => {
  afterEach(() => expect(sts.assumed).toEqual([ROLE]));

  it('has one row for all its stacks, which says what it may', async () => {
    const rows = await roleRows([stackOf('net', causes), stackOf('app', causes)]);
    expect(rows).toEqual([{ what: 'AWS, causes', state: 'ok', found: `${found} (net, app)` }]);
  });

  it('has a row that says why it may not, and where to read on', async () => {
    const refusal = { code: 'AccessDeniedException', message: 'm0-causes is not authorized to do this' };
    trail.refusal = refusal;
    athena.refusal = refusal;
    const [row, ...more] = await roleRows([stackOf('net', causes)]);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ what: 'AWS, causes', state: 'missing' });
    expect(row?.found).toContain(asking);
    expect(row?.found).toContain('m0-causes is not authorized to do this (net)');
    expect(row?.todo).toContain('docs/how-to/who-changed-the-cloud.md');
    expect(JSON.stringify(row)).not.toMatch(/lent-secret|lent-token/);
  });
});

it('reads no table to prove that it may', async () => {
  await roleRows([stackOf('net', ATHENA_CAUSES)]);
  expect(athena.queries.map(({ text }) => text)).toEqual([
    `SELECT eventid FROM "audit"."cloudtrail_logs_pp" WHERE "timestamp" = '1970/01/01' LIMIT 1`,
  ]);
});
