import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import type { Schema } from '../../../src/drift/schema.ts';
import { type Planned, plan } from '../../support/plan.ts';
import { COMPUTED, schemaWith, TEXT } from '../../support/schema.ts';

/** What people read of a plan: `address path` of each row, with `(computed)` behind it. */
function told(resources: readonly Planned[], schema?: Schema): string[] {
  const { findings } = analyzePlan(plan(resources), {
    key: 'k',
    ...(schema === undefined ? {} : { schema }),
  });
  return findings.flatMap(({ address, attributes, actionable }) =>
    attributes.map(
      ({ path, computed }) =>
        `${address} ${path}${computed === true ? ' (computed)' : ''}${actionable ? ' (actionable)' : ''}`,
    ),
  );
}

/** A change outside of the code of one attribute that the code does not set. */
function moved(address: string, path: readonly string[], recorded: Json, actual: Json): Planned {
  const at = (value: Json): Json =>
    path.toReversed().reduce<Json>(
      (inside, name) => ({
        [name]: Array.isArray(inside) || typeof inside !== 'object' || inside === null ? inside : [inside],
      }),
      value,
    );
  return {
    address,
    recorded: at(recorded) as { [key: string]: Json },
    actual: at(actual) as { [key: string]: Json },
    expressions: {},
  };
}

describe('clocks, counters and etags', () => {
  it.each([
    ['aws_db_instance.a', ['latest_restorable_time'], '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
    ['aws_eks_cluster.a', ['platform_version'], 'eks.12', 'eks.15'],
    ['kubernetes_namespace.a', ['metadata', 'resource_version'], '12', '15'],
    ['kubernetes_deployment_v1.a', ['metadata', 'generation'], 1, 2],
    ['google_compute_instance.a', ['metadata_fingerprint'], 'aa=', 'bb='],
    ['google_compute_instance.a', ['tags_fingerprint'], 'aa=', 'bb='],
    ['google_container_cluster.a', ['label_fingerprint'], 'aa', 'bb'],
    ['google_project_iam_member.a', ['etag'], 'BwX=', 'BwY='],
    ['google_cloud_run_v2_service.a', ['etag'], '"a"', '"b"'],
    ['azurerm_app_configuration_key.a', ['etag'], 'a', 'b'],
    ['google_sql_database_instance.a', ['settings', 'version'], 3, 4],
    ['google_bigquery_dataset.a', ['last_modified_time'], 1735689600000, 1735689700000],
    ['aws_cloudfront_distribution.a', ['etag'], 'E1', 'E2'],
    ['aws_wafv2_web_acl.a', ['lock_token'], 'x', 'y'],
    ['aws_iam_policy.a', ['attachment_count'], 1, 2],
    [
      'aws_lambda_function.a',
      ['last_modified'],
      '2026-01-01T00:00:00.000+0000',
      '2026-02-01T00:00:00.000+0000',
    ],
    [
      'aws_s3_object_copy.a',
      ['last_modified'],
      'Tue, 15 Nov 1994 08:12:31 GMT',
      'Wed, 16 Nov 1994 08:12:31 GMT',
    ],
    ['cloudflare_record.a', ['modified_on'], '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['github_repository.a', ['etag'], 'W/"1"', 'W/"2"'],
  ] as const)('%s %j is noise', (address, path, recorded, actual) => {
    const resources = [moved(address, path, recorded, actual)];
    expect(told(resources)).toEqual([]);
    expect(analyzePlan(plan(resources), { key: 'k' }).noise).toHaveLength(1);
  });

  it.each([
    ['aws_s3_object.a', ['etag'], 'aa', 'bb'],
    ['aws_s3_object.a', ['version_id'], 'aa', 'bb'],
    ['aws_lambda_function.a', ['code_sha256'], 'aa=', 'bb='],
    ['aws_lambda_function.a', ['source_code_size'], 100, 200],
    ['google_storage_bucket_object.a', ['generation'], 1, 2],
    ['google_storage_bucket_object.a', ['etag'], 'a', 'b'],
    ['aws_ecs_service.a', ['platform_version'], '1.3.0', '1.4.0'],
    ['aws_instance.a', ['instance_state'], 'running', 'stopped'],
    ['acme_thing.a', ['last_updated'], 'alice', 'mallory'],
    ['acme_thing.a', ['resource_version'], '1', '2'],
  ] as const)('%s %j is told', (address, path, recorded, actual) => {
    expect(told([moved(address, path, recorded, actual)])).toEqual([`${address} ${path.join('.')}`]);
  });

  it('do not hide what moved beside them, and do not move its fingerprint', () => {
    const at = (minute: number) => ({
      recorded: { a: '1', latest_restorable_time: '2026-01-01T00:00:00Z' },
      actual: { a: '2', latest_restorable_time: `2026-01-01T00:0${minute}:00Z` },
      desired: { a: '1', latest_restorable_time: `2026-01-01T00:0${minute}:00Z` },
      expressions: { a: { constant_value: '1' } },
      address: 'aws_db_instance.d',
    });
    const [one, other] = [at(5), at(6)].map((r) => analyzePlan(plan([r]), { key: 'k' }).findings[0]);
    expect(one?.attributes.map((row) => row.path)).toEqual(['a']);
    expect(one?.fingerprint).toBe(other?.fingerprint);
  });

  it('are told where the code sets the attribute, or the schema lets it', () => {
    const set = {
      ...moved('acme_thing.a', ['updated_at'], '2026-01-01', '2026-02-01'),
      expressions: { updated_at: { constant_value: '2026-01-01' } },
    };
    expect(told([set])).toEqual(['acme_thing.a updated_at']);
    const plain = moved('acme_thing.a', ['updated_at'], '2026-01-01', '2026-02-01');
    expect(told([plain])).toEqual([]);
    expect(told([plain], schemaWith({ acme_thing: { attributes: { updated_at: TEXT } } }))).toHaveLength(1);
  });
});

describe('what nobody can set', () => {
  const schema = schemaWith({
    aws_instance: {
      attributes: { instance_state: COMPUTED, monitoring: { ...TEXT, computed: true }, ami: TEXT },
      block_types: {
        root_block_device: { nesting_mode: 'list', block: { attributes: { volume_id: COMPUTED } } },
      },
    },
  });

  it('is told as computed, and never as something that an apply changes', () => {
    expect(told([moved('aws_instance.a', ['instance_state'], 'running', 'stopped')], schema)).toEqual([
      'aws_instance.a instance_state (computed)',
    ]);
    expect(told([moved('aws_instance.a', ['monitoring'], 'off', 'on')], schema)).toEqual([
      'aws_instance.a monitoring',
    ]);
    expect(
      told([moved('aws_instance.a', ['root_block_device', 'volume_id'], 'vol-1', 'vol-2')], schema),
    ).toEqual(['aws_instance.a root_block_device[0].volume_id (computed)']);
  });

  it('is told beside what an apply changes', () => {
    const both = {
      address: 'aws_instance.a',
      recorded: { ami: 'ami-1', instance_state: 'running' },
      actual: { ami: 'ami-2', instance_state: 'stopped' },
      desired: { ami: 'ami-1', instance_state: 'stopped' },
      expressions: { ami: { constant_value: 'ami-1' } },
    };
    expect(told([both], schema)).toEqual([
      'aws_instance.a ami (actionable)',
      'aws_instance.a instance_state (computed) (actionable)',
    ]);
  });
});

describe('secrets of the schema', () => {
  const schema = schemaWith({
    aws_db: {
      attributes: { password: { ...TEXT, sensitive: true }, note: TEXT },
      block_types: {
        user: {
          nesting_mode: 'list',
          block: { attributes: { name: TEXT, token: { ...TEXT, sensitive: true } } },
        },
      },
    },
  });

  it('are hidden where the masks of the plan miss them, and wherever else they stand', () => {
    const users = (token: string): Json => [
      { name: 'dana', token: 'never-moves' },
      { name: 'kim', token },
    ];
    const resource = {
      address: 'aws_db.a',
      recorded: { password: 'hunter2-old', note: 'a', user: users('first-token') },
      actual: { password: 'hunter2-new', note: 'it is hunter2-new', user: users('second-token') },
      desired: { password: 'hunter2-old', note: 'a', user: users('first-token') },
    };
    const open = JSON.stringify(analyzePlan(plan([resource]), { key: 'k' }).findings);
    expect(open).toContain('hunter2-new');
    const { findings, secrets } = analyzePlan(plan([resource]), { key: 'k', schema });
    const text = JSON.stringify(findings);
    for (const secret of ['hunter2-old', 'hunter2-new', 'first-token', 'second-token', 'never-moves']) {
      expect(text).not.toContain(secret);
      expect(secrets).toContain(secret);
    }
    expect(findings[0]?.attributes.map((row) => row.path)).toEqual(
      expect.arrayContaining(['note', 'password']),
    );
    expect(text).toContain('it is (sensitive)');
  });
});

describe('a secret of the schema that is too short to be searched for', () => {
  it('is hidden by its path', () => {
    const schema = schemaWith({ aws_db: { attributes: { pin: { ...TEXT, sensitive: true } } } });
    const resource = { address: 'aws_db.a', recorded: { pin: '1234' }, actual: { pin: '5678' } };
    const { findings } = analyzePlan(plan([resource]), { key: 'k', schema });
    expect(JSON.stringify(findings[0]?.attributes)).not.toMatch(/1234|5678/);
    expect(findings[0]?.attributes[0]?.sensitive).toBe(true);
  });
});

describe('plans that were told wrongly', () => {
  const analyze = (name: string) => {
    const file = new URL(`../../found/explain/${name}.json`, import.meta.url);
    return analyzePlan(readPlan(readFileSync(file), name), { key: 'k' });
  };

  it('06: echoes of an attachment and of an association are noise', () => {
    const { findings, noise } = analyze('06-echo-ebs-eip-told-as-by-hand');
    expect(findings).toEqual([]);
    expect(noise.map(({ address }) => address)).toEqual(['aws_ebs_volume.e', 'aws_eip.p', 'aws_instance.i']);
  });

  it('09: clocks and counters are noise, and an output that shows one is told', () => {
    const { findings, noise, outputs } = analyze('09-clock-and-version-attributes-told-as-by-hand');
    expect(findings).toEqual([]);
    expect(noise).toHaveLength(3);
    expect(outputs).toEqual([{ name: 'pv', action: 'update', sensitive: false }]);
  });
});
