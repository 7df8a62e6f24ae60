import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAthena } from '../../src/cause/athena.ts';
import { createCloudTrail } from '../../src/cause/cloudtrail.ts';
import { createPace } from '../../src/cause/pace.ts';
import type { CauseEvent } from '../../src/model/cause.ts';
import type { CauseSettings } from '../../src/model/cloud-roles.ts';
import type { AskedAttribute, CauseAccess, CauseQuestion, CauseSource } from '../../src/ports/cause.ts';
import { ATHENA_CAUSES, CAUSES } from '../support/causes.ts';
import { LOG } from '../support/cloudtrail-answers.ts';
import { stackWith } from '../support/core.ts';
import { type FakeAthena, startFakeAthena } from '../support/fake-athena.ts';
import { type FakeCloudTrail, startFakeCloudTrail } from '../support/fake-cloudtrail.ts';

const FROM = Date.parse('2026-03-02T11:45:00Z');
const TO = Date.parse('2026-03-02T12:00:00Z');
const ACCOUNT = '123456789012';
const arn = (service: string, rest: string, region = 'eu-central-1'): string =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;

type Refusal = { readonly code: string; readonly message: string } | null;

/** A log of a cloud that is asked for real, and what it must know. A later source gets the same suite with its own log. */
interface Case {
  readonly name: string;
  /** False: the log leaves out the source identity of a session. */
  readonly hasSourceIdentity: boolean;
  /** The beginning of its errors. */
  readonly asking: string;
  start(): Promise<{
    readonly source: CauseSource;
    readonly question: (q: Partial<CauseQuestion>) => CauseQuestion;
    /** What the next questions are refused with; null: they are answered. */
    refuse(refusal: Refusal): void;
    close(): Promise<void>;
  }>;
}

const ACCESS: CauseAccess = {
  async open() {
    const keys = {
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
    };
    return { env: keys, files: {}, secrets: [], endsAt: null };
  },
};

/** Questions about a stack whose log is at this address. */
function questionsTo(url: string, causes: CauseSettings): (q: Partial<CauseQuestion>) => CauseQuestion {
  const stack = stackWith({
    ...{ env: { AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-central-1' }, causes },
    aws: {
      ...{
        planRole: `arn:aws:iam::${ACCOUNT}:role/m0-plan`,
        applyRole: `arn:aws:iam::${ACCOUNT}:role/m0-apply`,
      },
      ...{ externalId: null, durationMs: 3_600_000, webIdentityTokenFile: null },
    },
  });
  return (q) => ({
    ...{ stack, address: 'aws_security_group.web', type: 'aws_security_group', names: [], attributes: [] },
    ...{ deleted: false, from: FROM, to: TO, applies: [] },
    ...q,
  });
}

let trail: FakeCloudTrail;
const CLOUDTRAIL: Case = {
  name: 'CloudTrail',
  hasSourceIdentity: true,
  asking: 'asking CloudTrail in eu-central-1 as arn:aws:iam::123456789012:role/m0-causes: ',
  async start() {
    trail = await startFakeCloudTrail(LOG);
    return {
      source: createCloudTrail({ access: ACCESS, pace: async () => {} }),
      question: questionsTo(trail.url, CAUSES),
      refuse(refusal) {
        trail.refusal = refusal;
      },
      close: () => trail.close(),
    };
  },
};

let athena: FakeAthena;
const ATHENA: Case = {
  name: 'Athena',
  hasSourceIdentity: false,
  asking:
    'asking Athena for audit.cloudtrail_logs_pp in eu-central-1 as arn:aws:iam::123456789012:role/m0-causes: ',
  async start() {
    athena = await startFakeAthena(LOG);
    return {
      source: createAthena({ access: ACCESS, pace: async () => {}, sleep: async () => {} }),
      question: questionsTo(athena.url, ATHENA_CAUSES),
      refuse(refusal) {
        athena.refusal = refusal;
      },
      close: () => athena.close(),
    };
  },
};

const one = (path: string, ...values: string[]): AskedAttribute => ({ path, values });
const SG = [arn('ec2', 'security-group/sg-0a1b2c3d4e5f60718')];
const SSH = [one('ingress[*]', '22', 'tcp', '203.0.113.7/32')];

describe.each([CLOUDTRAIL, ATHENA])('a source of causes: $name', ({ start, hasSourceIdentity, asking }) => {
  let made: Awaited<ReturnType<Case['start']>>;
  beforeAll(async () => {
    made = await start();
  });
  afterAll(() => made.close());
  const ask = (q: Partial<CauseQuestion>): Promise<readonly CauseEvent[]> => {
    const question = made.question(q);
    return made.source.ask(question, [question]);
  };

  it('names who changed the attribute, with what and when', async () => {
    expect(await ask({ names: SG, attributes: SSH })).toEqual([
      {
        ...{
          id: expect.any(String),
          name: 'AuthorizeSecurityGroupIngress',
          at: Date.parse('2026-03-02T11:58:04Z'),
        },
        ...{ grade: 'event names the attribute', how: 'console' },
        who: {
          ...{ kind: 'person', name: 'dana@acme.dev', via: 'SSO', role: 'Admin', session: 'dana@acme.dev' },
          ids: ['dana@acme.dev'],
        },
        link: expect.stringMatching(
          /^https:\/\/console\.aws\.amazon\.com\/cloudtrailv2\/home\?region=eu-central-1#\/events\//,
        ),
      },
    ]);
  });

  it('leaves out what failed, what only reads, what m0 did, and what is outside of the window', async () => {
    const events = await ask({ names: SG, attributes: [one('ingress[*]')], from: 0 });
    const names = events.map(({ who }) => who.name);
    for (const other of ['audit', 'm0-apply', 'late']) expect(names).not.toContain(other);
    expect(events.map(({ name }) => name)).not.toContain('DescribeSecurityGroups');
    expect(await ask({ names: SG, attributes: SSH, from: TO - 1_000 })).toEqual([]);
  });

  it('leaves out what m0 did without a role of its own, and only while it applied', async () => {
    const mark = 'm0/prod-network/42';
    const names = async (applies: CauseQuestion['applies']): Promise<readonly string[]> =>
      (await ask({ names: SG, attributes: [one('ingress[*]')], applies })).map(({ who }) => who.name);
    const during = { mark, from: FROM + 4 * 60_000, to: FROM + 6 * 60_000 };
    expect(await names([during])).not.toContain('shared-deploy');
    // Anybody can send such a user agent at another time, or one that only begins like it.
    const before = { mark, from: FROM, to: FROM + 4 * 60_000 };
    const other = { ...during, mark: 'm0/prod-network/4' };
    const ssh = { names: SG, attributes: SSH, to: Date.parse('2026-03-02T11:51:00Z') };
    for (const applies of [[], [before], [other]]) {
      const [event] = await ask({ ...ssh, applies });
      expect(event).toMatchObject({ who: { name: 'shared-deploy' }, how: 'terraform' });
    }
    expect(await ask({ ...ssh, applies: [during] })).toEqual([]);
  });

  it('tells two events of the same name apart by the values that they mention', async () => {
    const https = [one('ingress[*]', '443', 'tcp', '0.0.0.0/0')];
    const [event] = await ask({ names: SG, attributes: https, from: 0 });
    expect(event).toMatchObject({ who: { kind: 'role', name: 'deploy' }, how: 'terraform' });
  });

  it('says of an event that names no attribute of it only that it touched the resource', async () => {
    const [event] = await ask({ names: SG, attributes: [one('description', 'web')] });
    expect(event).toMatchObject({
      grade: 'event touched the resource',
      name: 'AuthorizeSecurityGroupIngress',
    });
  });

  it('finds nothing where there is nothing', async () => {
    expect(await ask({ names: [arn('ec2', 'security-group/sg-other')], attributes: SSH })).toEqual([]);
  });

  it.each([
    [
      'tags of a bucket',
      ['acme-logs'],
      [one('tags.Owner', 'platform')],
      'DeleteBucketTagging',
      'dana@acme.dev',
      'SSO',
      'console',
    ],
    [
      'a queue that the log does not list by its name',
      [arn('sqs', 'jobs'), `https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/jobs`],
      [one('visibility_timeout_seconds', '60')],
      'SetQueueAttributes',
      'kim',
      'IAM user',
      'cli',
    ],
    [
      'a function, by the source identity',
      [arn('lambda', 'function:api')],
      [one('memory_size', '512')],
      'UpdateFunctionConfiguration20150331v2',
      'kim@acme.dev',
      'role ops',
      'sdk',
    ],
    [
      'a database, by root',
      [arn('rds', 'db:prod-db')],
      [one('backup_retention_period')],
      'ModifyDBInstance',
      'root',
      `root of account ${ACCOUNT}`,
      'console',
    ],
    [
      'a log group, by a user of Identity Center',
      [arn('logs', 'log-group:/app/web')],
      [one('retention_in_days')],
      'PutRetentionPolicy',
      'kim',
      'SSO',
      'console',
    ],
    [
      'a group, by the cloud itself',
      ['web'],
      [one('desired_capacity')],
      'SetDesiredCapacity',
      'AWSServiceRoleForApplicationAutoScaling',
      'service',
      'service',
    ],
    [
      'a role, in the region of IAM',
      [`arn:aws:iam::${ACCOUNT}:role/app`],
      [one('assume_role_policy')],
      'UpdateAssumeRolePolicy',
      'pipeline',
      'role, session botocore-session-1700000000',
      'sdk',
    ],
  ] as const)('knows %s', async (_, names, attributes, name, who, via, how) => {
    const [event] = await ask({ names, attributes });
    expect(event).toMatchObject({ name, grade: 'event names the attribute', how });
    if (via === 'role ops' && !hasSourceIdentity) expect(event?.who.role).toBe('ops');
    else expect(event?.who).toMatchObject({ name: who, via });
  });

  it('knows who deleted a resource', async () => {
    const [event] = await ask({ names: [arn('dynamodb', 'table/orders')], deleted: true });
    expect(event).toMatchObject({ name: 'DeleteTable', grade: 'event names the attribute' });
  });

  it('reads further pages', async () => {
    const events = await ask({ names: ['acme-big'], attributes: [one('versioning[0].enabled')], from: 0 });
    expect(events[0]).toMatchObject({ name: 'PutBucketVersioning', grade: 'event names the attribute' });
  });

  it('keeps no value of a request', async () => {
    const events = await ask({
      names: [arn('rds', 'db:prod-db')],
      attributes: [one('backup_retention_period')],
    });
    expect(JSON.stringify(events)).not.toMatch(/masterUserPassword|\*\*\*\*|198\.51\.100/);
  });

  it('rejects with what was asked and why it could not be', async () => {
    made.refuse({ code: 'AccessDeniedException', message: 'User: m0 is not authorized to perform this' });
    const refused = ask({ names: SG, attributes: SSH });
    await expect(refused).rejects.toThrow(`${asking}`);
    await expect(refused).rejects.toThrow('not authorized');
    made.refuse(null);
    expect(await ask({ names: SG, attributes: SSH })).toHaveLength(1);
  });
});

describe('Athena', () => {
  let made: Awaited<ReturnType<Case['start']>>;
  beforeEach(async () => {
    made = await ATHENA.start();
    return () => made.close();
  });
  const queue = { names: [arn('sqs', 'jobs')], attributes: [one('visibility_timeout_seconds', '60')] };

  it('is asked once about all questions of a stack, in the days of their window alone', async () => {
    const together = [
      made.question({ names: SG, attributes: SSH, from: FROM - 24 * 3_600_000 }),
      made.question({ ...queue, names: [`https://sqs.eu-central-1.amazonaws.com/${ACCOUNT}/jobs`] }),
    ];
    const answers = await Promise.all(together.map((question) => made.source.ask(question, together)));
    expect(answers.map(([event]) => event?.name)).toEqual([
      'AuthorizeSecurityGroupIngress',
      'SetQueueAttributes',
    ]);
    expect(athena.queries).toHaveLength(1);
    expect(athena.queries[0]).toMatchObject({ days: ['2026/03/01', '2026/03/02'] });
    // A look without an earlier one must not read the logs of months.
    const question = made.question({ names: SG, attributes: SSH, from: 0 });
    await made.source.ask(question, [question]);
    expect(athena.queries[1]).toMatchObject({ days: ['2026/02/23', '2026/03/02'] });
  });

  it('gets names as values that can not be read as SQL, whoever chose them', async () => {
    const hostile = [
      "x'; DROP TABLE audit.cloudtrail_logs_pp; --",
      "' OR '1'='1",
      "\\' OR 1=1 --",
      'sg-0a1b2c3d4e5f60718") OR true --',
      '?',
      "''",
      'x'.repeat(2_000),
      "'".repeat(600),
    ];
    for (const name of hostile) {
      const question = made.question({
        names: [name, `arn:aws:sqs:eu-central-1:${ACCOUNT}:${name}`],
        ...{ attributes: SSH },
      });
      expect(await made.source.ask(question, [question])).toEqual([]);
    }
    // The far end parses each query, and refuses one that is not of the one form that it knows.
    expect(athena.queries.length).toBeGreaterThan(3);
    for (const { text } of athena.queries) expect(text).not.toMatch(/DROP|1=1|true --/);
  });

  it('says once what is wrong with the table, for all questions', async () => {
    athena.failure = 'TABLE_NOT_FOUND: line 18:6: Table audit.cloudtrail_logs_pp does not exist';
    const together = [made.question({ names: SG, attributes: SSH }), made.question(queue)];
    for (const question of together) {
      await expect(made.source.ask(question, together)).rejects.toThrow(
        `${ATHENA.asking}the query failed: TABLE_NOT_FOUND: line 18:6: Table audit.cloudtrail_logs_pp does not exist`,
      );
    }
    expect(athena.queries).toHaveLength(1);
  });

  it('takes no event of another account of the organization for one of the stack', async () => {
    const other = made.question({ names: [SG[0]?.replace(ACCOUNT, '999999999999') ?? ''], attributes: SSH });
    expect(await made.source.ask(other, [other])).toEqual([]);
  });

  it('is stopped where a query takes too long', async () => {
    athena.isSlow = true;
    const question = made.question({ names: SG, attributes: SSH });
    await expect(made.source.ask(question, [question])).rejects.toThrow(
      'took longer than 120 s and was stopped',
    );
    expect(athena.stopped).toHaveLength(1);
  });
});

describe('CloudTrail', () => {
  let made: Awaited<ReturnType<Case['start']>>;
  beforeEach(async () => {
    made = await CLOUDTRAIL.start();
    return () => made.close();
  });

  it('is asked once where the first name already tells', async () => {
    const question = made.question({ names: SG, attributes: SSH });
    await made.source.ask(question, [question]);
    expect(trail.lookups).toEqual(['ResourceName=sg-0a1b2c3d4e5f60718 in eu-central-1']);
  });

  it('is asked by the events of the attribute only where no name tells, and no more than twice', async () => {
    const attributes = [one('policy'), one('visibility_timeout_seconds')];
    const question = made.question({ names: [arn('sqs', 'jobs')], attributes });
    await made.source.ask(question, [question]);
    const kinds = trail.lookups.map((each) => each.split('=')[0]);
    expect(kinds).toEqual(['ResourceName', 'ResourceName', 'EventName', 'EventName']);
  });

  it('takes two lookups a second of an account and a region', async () => {
    const waited: number[] = [];
    let now = 0;
    const pace = createPace(
      () => now,
      async (ms) => {
        waited.push(ms);
        now += ms;
      },
    );
    await pace('a');
    await pace('a');
    await pace('b');
    await pace('a');
    expect(waited).toEqual([500, 500]);
  });

  it('is not asked about a stack without a role for it', () => {
    expect(made.source.asks(stackWith())).toBe(false);
    expect(made.source.asks(stackWith({ causes: { cloudtrail: null, athena: null, ask: true } }))).toBe(
      false,
    );
    expect(made.source.asks(stackWith({ causes: CAUSES }))).toBe(true);
  });
});
