/** Decides whether the drift of a security group only repeats its separate rule resources. */
import type { Json } from './finding.ts';
import { field, isArray, isObject, leavesOf } from './json-value.ts';
import type { Resource } from './resource.ts';
import type { RawRow } from './walk.ts';

/**
 * True if the row only repeats changes of separate rule resources. The cloud merges and splits rules freely, so
 * both sides are split into atoms: one protocol, one port range and one source each.
 */
export function isRuleEcho(
  group: Resource,
  attribute: 'ingress' | 'egress',
  row: RawRow,
  siblings: readonly Resource[],
): boolean {
  const id = textOf(group.actual, 'id') ?? textOf(group.recorded, 'id');
  const recorded = inlineAtoms(group.recorded, attribute, id);
  const actual = inlineAtoms(group.actual, attribute, id);
  const before = new Set(siblings.flatMap((s) => ruleAtoms(s, s.recorded, attribute, id)));
  const now = new Set(siblings.flatMap((s) => ruleAtoms(s, s.actual, attribute, id)));
  const unexplained = [
    ...[...actual].filter((atom) => !recorded.has(atom) && !now.has(atom)),
    ...[...recorded].filter((atom) => !actual.has(atom) && !before.has(atom)),
  ];
  if (unexplained.length === 0) return true;
  // A rule was also changed by hand: only rows without that change are echoes.
  const rowAtoms = new Set(
    [row.recorded, row.actual].flatMap((value) => (isObject(value) ? atomsOf(value, id) : [])),
  );
  if (rowAtoms.size > 0) return !unexplained.some((atom) => rowAtoms.has(atom));
  const sources = new Set([row.recorded, row.actual].flatMap(leavesOf).map(String));
  return !unexplained.some((atom) => sources.has(sourceIn(atom)));
}

function textOf(place: Json, key: string): string | undefined {
  const value = field(place, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function inlineAtoms(place: Json, attribute: string, id: string | undefined): Set<string> {
  const rules = field(place, attribute);
  return new Set(isArray(rules) ? rules.flatMap((rule) => atomsOf(rule, id)) : []);
}

function ruleAtoms(rule: Resource, place: Json, attribute: string, id: string | undefined): string[] {
  if (!isObject(place)) return [];
  const { type } = rule.entry;
  const direction =
    type === 'aws_security_group_rule' ? place.type : /^aws_vpc_security_group_(\w+)_rule$/.exec(type)?.[1];
  return direction === attribute ? atomsOf(place, id) : [];
}

const SOURCES = [
  'cidr_blocks',
  'ipv6_cidr_blocks',
  'prefix_list_ids',
  'security_groups',
  'source_security_group_id',
  'cidr_ipv4',
  'cidr_ipv6',
  'prefix_list_id',
  'referenced_security_group_id',
];

function atomsOf(rule: Json, id: string | undefined): string[] {
  const protocol = String(field(rule, 'protocol') ?? field(rule, 'ip_protocol') ?? '').toLowerCase();
  const every = protocol === '-1' || protocol === 'all';
  const port = (key: string): string => (every ? '0' : String(field(rule, key) ?? 0));
  const sources = SOURCES.flatMap((key) => leavesOf(field(rule, key)))
    .map((source) =>
      String(source).split('/sg-').length > 1 ? `sg-${String(source).split('/sg-')[1]}` : String(source),
    )
    .filter((source) => source !== '');
  if (field(rule, 'self') === true && id !== undefined) sources.push(id);
  return sources.map((source) =>
    JSON.stringify([every ? '-1' : protocol, port('from_port'), port('to_port'), source]),
  );
}

function sourceIn(atom: string): string {
  const [, , , source] = JSON.parse(atom) as string[];
  return source ?? '';
}
