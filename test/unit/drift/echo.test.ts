import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json } from '../../../src/drift/finding.ts';
import type { Schema } from '../../../src/drift/schema.ts';
import { type Planned, plan } from '../../support/plan.ts';
import { COMPUTED, schemaWith, TEXT } from '../../support/schema.ts';

type Values = { readonly [key: string]: Json };

/** A resource whose code sets only what is given as references or constants. */
function unmoved(address: string, values: Values, expressions: Values = {}): Planned {
  return { address, recorded: values, expressions };
}

function refersTo(...addresses: readonly string[]): Values {
  return Object.fromEntries(addresses.map((to) => [`${to}_ref`, { references: [`${to}.id`, to] }]));
}

/** `address path` of each row in a finding; `address` alone for a finding without rows. */
function told(resources: readonly Planned[], schema?: Schema): string[] {
  const { findings } = analyzePlan(plan(resources), {
    key: 'k',
    ...(schema === undefined ? {} : { schema }),
  });
  return findings.flatMap(({ address, attributes }) =>
    attributes.length === 0 ? [address] : attributes.map(({ path }) => `${address} ${path}`),
  );
}

describe('an attached volume', () => {
  const disk = (change: Values = {}): Values => ({
    device_name: '/dev/sdf',
    volume_id: 'vol-1ca3abd2',
    volume_size: 8,
    volume_type: 'gp2',
    delete_on_termination: false,
    iops: 0,
    tags: {},
    ...change,
  });
  const machine = (recorded: readonly Json[], actual: readonly Json[]): Planned => ({
    address: 'aws_instance.i',
    recorded: { id: 'i-91e484ae', ebs_block_device: recorded },
    actual: { id: 'i-91e484ae', ebs_block_device: actual },
    expressions: {},
  });
  const volume = unmoved('aws_ebs_volume.e', { id: 'vol-1ca3abd2', size: 8, type: 'gp2' });
  const attachment = unmoved(
    'aws_volume_attachment.e',
    { id: 'vai-1', device_name: '/dev/sdf', instance_id: 'i-91e484ae', volume_id: 'vol-1ca3abd2' },
    refersTo('aws_instance.i', 'aws_ebs_volume.e'),
  );

  it('shows on the instance as an echo', () => {
    expect(told([machine([], [disk()]), volume, attachment])).toEqual([]);
  });

  it('is an echo too when the attachment leaves the code in the same plan', () => {
    const leaving = { ...attachment, desired: null, actions: ['delete'], expressions: null };
    expect(told([machine([], [disk()]), volume, leaving])).toEqual(['aws_volume_attachment.e']);
  });

  it('hides neither a volume that somebody attached, nor what somebody switched at its own', () => {
    const other = disk({ volume_id: 'vol-99999999', device_name: '/dev/sdg' });
    expect(told([machine([], [disk(), other]), volume, attachment])).toEqual([
      'aws_instance.i ebs_block_device[*]',
    ]);
    expect(told([machine([disk()], [disk({ delete_on_termination: true })]), volume, attachment])).toEqual([
      'aws_instance.i ebs_block_device[0].delete_on_termination',
    ]);
    const [first, second] = [disk(), disk({ delete_on_termination: true })];
    const beside = disk({ volume_id: 'vol-99999999', device_name: '/dev/sdg' });
    expect(told([machine([first, beside], [second, beside]), volume, attachment])).toHaveLength(2);
    expect(told([machine([], [disk()]), volume])).not.toEqual([]);
  });
});

describe('an associated address', () => {
  const association = unmoved(
    'aws_eip_association.p',
    {
      id: 'eipassoc-1ac77cb7',
      allocation_id: 'eipalloc-8a39',
      instance_id: 'i-91e484ae',
      private_ip_address: '10.0.1.4',
      public_ip: '203.0.113.25',
    },
    refersTo('aws_instance.i', 'aws_eip.p'),
  );
  const machine = (recorded: Values, actual: Values): Planned => ({
    address: 'aws_instance.i',
    recorded: { id: 'i-91e484ae', ...recorded },
    actual: { id: 'i-91e484ae', ...actual },
    expressions: {},
  });
  const dns = 'ec2-203-0-113-25.eu-west-1.compute.amazonaws.com';

  it('shows on the instance as an echo, also as a host name, also in place of a default', () => {
    const empty = { public_ip: '', public_dns: '' };
    const theirs = { public_ip: '198.51.100.7', public_dns: 'ec2-198-51-100-7.compute-1.amazonaws.com' };
    for (const recorded of [empty, theirs])
      expect(told([machine(recorded, { public_ip: '203.0.113.25', public_dns: dns }), association])).toEqual(
        [],
      );
  });

  it('does not hide another address', () => {
    const actual = { public_ip: '198.51.100.7', public_dns: 'ec2-198-51-100-7.compute-1.amazonaws.com' };
    expect(told([machine({ public_ip: '203.0.113.25', public_dns: dns }, actual), association])).toEqual([
      'aws_instance.i public_dns',
      'aws_instance.i public_ip',
    ]);
    const evil = { public_dns: 'ec2-203-0-113-25.compute-1.amazonaws.com.evil.example' };
    expect(told([machine({ public_dns: '' }, evil), association])).toEqual(['aws_instance.i public_dns']);
  });

  it('shows as a host name also inside a list', () => {
    const names = (list: readonly string[]): Planned => machine({ host_names: [] }, { host_names: list });
    const other = 'ec2-198-51-100-7.compute-1.amazonaws.com';
    expect(told([names([dns]), association])).toEqual([]);
    expect(told([names([dns, other]), association])).toEqual(['aws_instance.i host_names[*]']);
  });

  it('that m0 associated anew has a new id, which is an echo on the address', () => {
    const address = (id: string): Planned => ({
      address: 'aws_eip.p',
      recorded: { id: 'eipalloc-8a39', association_id: 'eipassoc-0000', instance: 'i-91e484ae' },
      actual: { id: 'eipalloc-8a39', association_id: id, instance: 'i-91e484ae' },
      expressions: {},
    });
    expect(told([address('eipassoc-1ac77cb7'), association])).toEqual([]);
    expect(told([address('eipassoc-by-hand'), association])).toEqual(['aws_eip.p association_id']);
  });
});

describe('a default that an association replaces', () => {
  const subnet = (actual: string): Planned => ({
    address: 'oci_core_subnet.s',
    recorded: { id: 'subnet-768ca961', route_table_id: 'rtb-default' },
    actual: { id: 'subnet-768ca961', route_table_id: actual },
    expressions: {},
  });
  const association = unmoved(
    'oci_core_route_table_attachment.a',
    { id: 'subnet-768ca961/rtb-own', subnet_id: 'subnet-768ca961', route_table_id: 'rtb-own' },
    refersTo('oci_core_subnet.s'),
  );

  it('is an echo, and any other value is told', () => {
    expect(told([subnet('rtb-own'), association])).toEqual([]);
    expect(told([subnet('rtb-by-hand'), association])).toEqual(['oci_core_subnet.s route_table_id']);
    expect(told([subnet('rtb-own')])).toEqual(['oci_core_subnet.s route_table_id']);
  });

  it('is an echo for the main route table and the DHCP options of a network', () => {
    const vpc = (attribute: string, actual: string): Planned => ({
      address: 'aws_vpc.v',
      recorded: { id: 'vpc-e2c5bc05', [attribute]: 'default-1' },
      actual: { id: 'vpc-e2c5bc05', [attribute]: actual },
      expressions: {},
    });
    const main = unmoved('aws_main_route_table_association.m', {
      id: 'rtbassoc-1',
      vpc_id: 'vpc-e2c5bc05',
      route_table_id: 'rtb-1',
    });
    const dhcp = unmoved('aws_vpc_dhcp_options_association.d', {
      id: 'dopt-1-vpc-1',
      vpc_id: 'vpc-e2c5bc05',
      dhcp_options_id: 'dopt-1',
    });
    expect(told([vpc('main_route_table_id', 'rtb-1'), main])).toEqual([]);
    expect(told([vpc('dhcp_options_id', 'dopt-1'), dhcp])).toEqual([]);
    expect(told([vpc('dhcp_options_id', 'dopt-1'), main])).toEqual(['aws_vpc.v dhcp_options_id']);
  });
});

describe('the members of a database cluster', () => {
  const cluster = (recorded: readonly string[], actual: readonly string[]): Planned => ({
    address: 'aws_rds_cluster.c',
    recorded: { id: 'db', cluster_members: recorded },
    actual: { id: 'db', cluster_members: actual },
    expressions: {},
  });
  const instance = (name: string, change: Partial<Planned> = {}): Planned => ({
    ...unmoved(`aws_rds_cluster_instance.i${name}`, { id: name, identifier: name, cluster_identifier: 'db' }),
    ...change,
  });

  it('are echoes as far as the plan has their instances', () => {
    expect(told([cluster([], ['w', 'reader-1']), instance('w'), instance('reader-1')])).toEqual([]);
    const gone = instance('reader-1', {
      actual: null,
      desired: { identifier: 'reader-1' },
      actions: ['create'],
    });
    expect(told([cluster(['w', 'reader-1'], ['w']), instance('w'), gone])).toEqual([
      'aws_rds_cluster_instance.ireader-1',
    ]);
  });

  it('tell of a reader that somebody added or removed by hand', () => {
    const added = cluster(['w'], ['w', 'reader-by-hand']);
    expect(told([added, instance('w')])).toEqual(['aws_rds_cluster.c cluster_members[*]']);
    const removed = cluster(['w', 'old-reader'], ['w']);
    expect(told([removed, instance('w')])).toEqual(['aws_rds_cluster.c cluster_members[*]']);
  });
});

describe('a network that was renamed in the code', () => {
  const inside = (name: string): Values => ({
    id: `/subnets/${name}`,
    name,
    address_prefixes: ['10.0.1.0/24'],
    security_group: '/groups/nsg-web',
  });
  const network = (actual: readonly Json[]): Planned => ({
    address: 'azurerm_virtual_network.old',
    recorded: { id: '/networks/prod-net', name: 'prod-net', subnet: [] },
    actual: { id: '/networks/prod-net', name: 'prod-net', subnet: actual },
    desired: null,
    actions: ['delete'],
    expressions: null,
  });
  const renamed: Planned = {
    address: 'azurerm_virtual_network.new',
    desired: { name: 'prod-net' },
    actions: ['create'],
    expressions: { name: { constant_value: 'prod-net' } },
  };
  const subnet = unmoved(
    'azurerm_subnet.web',
    {
      id: '/subnets/web',
      name: 'web',
      address_prefixes: ['10.0.1.0/24'],
      virtual_network_name: 'prod-net',
    },
    refersTo('azurerm_virtual_network.new'),
  );
  const group = unmoved(
    'azurerm_subnet_network_security_group_association.web',
    { id: '/subnets/web', subnet_id: '/subnets/web', network_security_group_id: '/groups/nsg-web' },
    refersTo('azurerm_subnet.web'),
  );
  const originOf = (resources: readonly Planned[]) =>
    analyzePlan(plan(resources), { key: 'k' }).findings.find(({ action }) => action === 'delete')?.origin;

  it('is deleted by the code, and its children are an echo', () => {
    const resources = [network([inside('web')]), renamed, subnet, group];
    expect(originOf(resources)).toBe('code');
    expect(told(resources)).toEqual(['azurerm_virtual_network.new', 'azurerm_virtual_network.old']);
  });

  it('tells of a subnet that somebody added', () => {
    const resources = [network([inside('web'), inside('by-hand')]), renamed, subnet, group];
    expect(originOf(resources)).toBe('both');
  });

  it('and a child whose code is gone never are each other’s echo', () => {
    const parent: Planned = {
      ...network([]),
      recorded: { id: '/networks/prod-net', name: 'prod-net', subnet: [inside('web')] },
      actual: { id: '/networks/prod-net', name: 'prod-net', subnet: [{ ...inside('web'), name: 'moved' }] },
    };
    const child: Planned = {
      ...subnet,
      actual: { ...subnet.recorded, name: 'moved' },
      desired: null,
      actions: ['delete'],
      expressions: null,
    };
    expect(told([parent, child, group])).toContain('azurerm_subnet.web name');
  });
});

describe('a sibling with a part of a resource', () => {
  const role = (recorded: string | null, actual: string | null): Planned => {
    const policies = (policy: string | null): Json => (policy === null ? [] : [{ name: 'ci', policy }, KEPT]);
    return {
      address: 'aws_iam_role.r',
      recorded: { id: 'role-ci', name: 'role-ci', inline_policy: policies(recorded) },
      actual: { id: 'role-ci', name: 'role-ci', inline_policy: policies(actual) },
      expressions: {},
    };
  };
  const KEPT: Json = { name: 'kept', policy: 'allow-kept' };
  const policy = (recorded: string, actual = recorded): Planned => ({
    address: 'aws_iam_role_policy.p',
    recorded: { id: 'role-ci:ci', name: 'ci', role: 'role-ci', policy: recorded },
    actual: { id: 'role-ci:ci', name: 'ci', role: 'role-ci', policy: actual },
    expressions: refersTo('aws_iam_role.r'),
  });

  it('tells a change of it alone', () => {
    expect(told([role('allow-read', 'allow-everything'), policy('allow-read', 'allow-everything')])).toEqual([
      'aws_iam_role_policy.p policy',
    ]);
  });

  it('explains what m0 put back: the earlier version is gone, its own is back', () => {
    expect(told([role('allow-everything', 'allow-read'), policy('allow-read')])).toEqual([]);
  });

  it('does not explain what somebody wrote into another part, though it is the same text', () => {
    const taken: Planned = {
      address: 'aws_iam_role.r',
      recorded: { id: 'role-ci', inline_policy: [{ name: 'ci', policy: 'allow-read' }, KEPT] },
      actual: {
        id: 'role-ci',
        inline_policy: [
          { name: 'ci', policy: 'allow-read' },
          { name: 'kept', policy: 'allow-read' },
        ],
      },
      expressions: {},
    };
    expect(told([taken, policy('allow-read')])).toHaveLength(2);
  });

  it('does not explain another version than its own', () => {
    expect(told([role('allow-read', 'allow-everything'), policy('allow-read')])).toHaveLength(2);
  });
});

describe('an attribute that one sibling manages as a whole', () => {
  const bucket = (attribute: string, recorded: Json, actual: Json): Planned => ({
    address: 'aws_s3_bucket.b',
    recorded: { id: 'acme-b', bucket: 'acme-b', [attribute]: recorded },
    actual: { id: 'acme-b', bucket: 'acme-b', [attribute]: actual },
    expressions: {},
  });
  const grants = bucket(
    'grant',
    [{ id: 'owner', permissions: ['FULL_CONTROL'] }],
    [
      { id: 'owner', permissions: ['FULL_CONTROL'] },
      { uri: 'http://acs.amazonaws.com/groups/global/AllUsers', permissions: ['READ'] },
    ],
  );
  const ownership = (object_ownership: string) =>
    unmoved('aws_s3_bucket_ownership_controls.b', {
      id: 'acme-b',
      bucket: 'acme-b',
      rule: [{ object_ownership }],
    });

  it('is an echo only where the sibling exists', () => {
    const drifted = bucket('policy', '', '{"Statement":[]}');
    const exists = unmoved('aws_s3_bucket_policy.p', { id: 'acme-b', bucket: 'acme-b', policy: 'x' });
    expect(told([drifted, exists])).toEqual([]);
    const coming: Planned = {
      address: 'aws_s3_bucket_policy.p',
      desired: { bucket: 'acme-b', policy: 'x' },
      actions: ['create'],
    };
    expect(told([drifted, coming])).toEqual(['aws_s3_bucket.b policy', 'aws_s3_bucket_policy.p']);
  });

  it('hides no grant that ownership controls still allow', () => {
    expect(told([grants, ownership('BucketOwnerEnforced')])).toEqual([]);
    expect(told([grants, ownership('BucketOwnerPreferred')])).toEqual(['aws_s3_bucket.b grant[*]']);
  });
});

describe('with the schema', () => {
  const schema = schemaWith({
    aws_instance: {
      attributes: { id: COMPUTED, user_note: TEXT, filled_in: { ...TEXT, computed: true } },
      block_types: { disk: { nesting_mode: 'set', block: { attributes: { volume_id: TEXT } } } },
    },
  });
  const machine = (attribute: string, actual: Json): Planned => ({
    address: 'aws_instance.i',
    recorded: { id: 'i-91e484ae', [attribute]: null },
    actual: { id: 'i-91e484ae', [attribute]: actual },
    expressions: {},
  });
  const sibling = unmoved(
    'aws_volume_attachment.e',
    { id: 'vai-1', instance_id: 'i-91e484ae', volume_id: 'vol-1ca3abd2' },
    refersTo('aws_instance.i'),
  );

  it('what a provider never fills in is no echo; a block may be one', () => {
    expect(told([machine('user_note', 'vol-1ca3abd2'), sibling], schema)).toEqual([
      'aws_instance.i user_note',
    ]);
    expect(told([machine('filled_in', 'vol-1ca3abd2'), sibling], schema)).toEqual([]);
    expect(told([machine('disk', [{ volume_id: 'vol-1ca3abd2' }]), sibling], schema)).toEqual([]);
  });
});

describe('a tag', () => {
  const machine: Planned = {
    address: 'aws_instance.i',
    recorded: { id: 'i-91e484ae', tags: {} },
    actual: { id: 'i-91e484ae', tags: { Owner: 'payments-team' } },
    expressions: {},
  };

  it('that only looks like one of a sibling is told', () => {
    const sibling = unmoved(
      'aws_eip.p',
      { id: 'eipalloc-8a39', instance: 'i-91e484ae', tags: { Owner: 'payments-team' } },
      refersTo('aws_instance.i'),
    );
    expect(told([machine, sibling])).toEqual(['aws_instance.i tags.Owner']);
  });

  it('that a resource of its own manages is an echo', () => {
    const tag = (key: string) =>
      unmoved(
        'aws_ec2_tag.t',
        { id: `i-91e484ae,${key}`, resource_id: 'i-91e484ae', key, value: 'payments-team' },
        refersTo('aws_instance.i'),
      );
    expect(told([machine, tag('Owner')])).toEqual([]);
    expect(told([machine, tag('Team')])).toEqual(['aws_instance.i tags.Owner']);
  });
});
