/** What a firewall lets in from the public internet, and what a change opens. */

import { listed } from '../../text/words.ts';
import type { Finding, Json } from '../finding.ts';
import { isArray, isObject, type JsonObject } from '../json-value.ts';
import { oneLine } from '../value-text.ts';
import { type Cidr, contains, isPublic, isWorld, parseCidr } from './cidr.ts';
import { actFact, type Fact, OPEN } from './fact.ts';
import { contentsOf, type Places, textIn, textsIn } from './places.ts';
import { coversPorts, isForEverybody, type Ports, portWords } from './ports.ts';

/** One way in: ports, and a source that is public. `source` is null if the finding does not list it. */
interface Door {
  readonly ports: Ports;
  readonly source: { readonly text: string; readonly cidr: Cidr | null } | null;
}

/** Attributes that name sources, by the providers' documentation: AWS, Azure, Google, OpenStack and others. */
const SOURCE_KEYS = [
  ...['cidr_blocks', 'ipv6_cidr_blocks', 'cidr_ipv4', 'cidr_ipv6', 'cidrip', 'public_access_cidrs'],
  ...['source_address_prefix', 'source_address_prefixes', 'authorized_ip_ranges', 'ip_rules'],
  ...['api_server_authorized_ip_ranges', 'ip_range_filter', 'start_ip_address', 'source_ranges'],
  ...['remote_ip_prefix', 'source_addresses', 'source_ips', 'allowed_cidrs'],
];
/** Attributes that name sources inside the network; a rule with only these lets nobody in from outside. */
const INNER_SOURCES = [
  ...['security_groups', 'source_security_group_id', 'referenced_security_group_id', 'self'],
  ...['prefix_list_ids', 'prefix_list_id', 'source_tags', 'source_service_accounts', 'remote_group_id'],
  ...['source_application_security_group_ids'],
];
/** Parts of a firewall that do not let anything in. */
const NOT_INWARD = new Set(['egress', 'deny', 'outbound_rule', 'outbound', 'allow', 'destination_ranges']);
/** Words for "everybody" in place of a range (Azure). */
const EVERYBODY: Readonly<Record<string, string>> = {
  '*': 'the world (*)',
  any: 'the world (any)',
  internet: 'the internet',
};
const FIREWALL = /security_group|firewall|secgroup|network_security|network_acl/;

/** What the change of a firewall opens to public sources: in the cloud by now, and by an apply of the code. */
export function firewallFacts(finding: Finding, places: Places): readonly Fact[] {
  if (/egress/.test(finding.type)) return [];
  if (finding.action === 'create') {
    return factOf(doorsIn(finding.type, contentsOf(finding)), 'apply');
  }
  const base = finding.action === 'replace' ? contentsOf(finding) : {};
  const [recorded, actual, desired] = [places.recorded, places.actual, places.desired].map((place) =>
    doorsIn(finding.type, overlay(base, place, places)),
  ) as [readonly Door[], readonly Door[], readonly Door[]];
  const opened = actual.filter((door) => !recorded.some((old) => coversDoor(old, door)));
  const wanted = desired.filter((door) => ![...recorded, ...actual].some((old) => coversDoor(old, door)));
  return [...factOf(opened, 'now'), ...factOf(wanted, 'apply')];
}

/** The values of a place; what did not change comes from `base`. */
function overlay(base: JsonObject, place: JsonObject, places: Places): JsonObject {
  const listed = new Set(Object.values(places).flatMap((values: JsonObject) => Object.keys(values)));
  return { ...Object.fromEntries(Object.entries(base).filter(([key]) => !listed.has(key))), ...place };
}

/** The most ports that are named. */
const NAMED = 2;

function factOf(doors: readonly Door[], when: Fact['when']): readonly Fact[] {
  const sorted = doors.toSorted((a, b) => weightOf(a) - weightOf(b));
  const [worst] = sorted;
  if (worst === undefined) return [];
  const source = worst.source?.text ?? null;
  // IPv4 and IPv6 ranges for everybody are one source.
  const same = sorted.filter((door) => sourceKey(door) === sourceKey(worst));
  const ports = [...new Set(same.flatMap((door) => portWords(door.ports) ?? []))];
  const others = new Set(sorted.map(sourceKey)).size - 1;
  const to = `${source === null ? 'more widely' : `to ${source}`}${others === 0 ? '' : ` and ${others} more`}`;
  const quality = isOpenToWorld(worst) ? 'open to the world' : `open to ${source ?? 'more sources'}`;
  const base = { kind: 'exposure', when, weight: weightOf(worst), widens: true, quality } as const;
  if (ports.length > 0) {
    const more = ports.length - NAMED;
    const what = more > 0 ? `${ports[0]} and ${ports.length - 1} more` : listed(ports);
    return [actFact(base, OPEN, what, to, (name) => ` on ${name}`)];
  }
  return [
    {
      ...base,
      words: (name) =>
        when === 'now' ? `${name} ${OPEN.past} ${to}` : `applying the code would ${OPEN.base} ${name} ${to}`,
      effect: when === 'now' ? null : `${OPEN.third} it ${to}`,
    },
  ];
}

function sourceKey(door: Door): string {
  return isOpenToWorld(door) ? 'world' : (door.source?.text ?? '');
}

function isOpenToWorld({ source }: Door): boolean {
  return source !== null && (source.cidr === null || isWorld(source.cidr));
}

function weightOf(door: Door): number {
  const meant = isForEverybody(door.ports) ? 200 : 0;
  return meant + (isOpenToWorld(door) ? 0 : door.source === null ? 150 : 100);
}

function coversDoor(outer: Door, inner: Door): boolean {
  if (!coversPorts(outer.ports, inner.ports)) return false;
  if (outer.source === null || inner.source === null) return outer.source === inner.source;
  if (outer.source.cidr === null) return true;
  return inner.source.cidr !== null && contains(outer.source.cidr, inner.source.cidr);
}

/** All doors in the values of a resource, at any depth. */
function doorsIn(type: string, values: Json): readonly Door[] {
  if (isArray(values)) return values.flatMap((value) => doorsIn(type, value));
  if (!isObject(values) || isOutward(values) || isDenied(values)) return [];
  const inner = Object.entries(values).flatMap(([key, value]) =>
    NOT_INWARD.has(key) ? [] : doorsIn(type, value),
  );
  return [...doorsOfRule(type, values), ...inner];
}

function isOutward(values: JsonObject): boolean {
  const direction = textIn(values, 'direction') ?? textIn(values, 'type') ?? '';
  return /^(out|outbound|egress)$/i.test(direction) || values.egress === true;
}

function isDenied(values: JsonObject): boolean {
  const access = textIn(values, 'access') ?? textIn(values, 'rule_action') ?? textIn(values, 'action') ?? '';
  return (
    /^(deny|block|drop|reject)$/i.test(access) ||
    // Google: a firewall has `deny` blocks or `allow` blocks, never both.
    (listOf(values.deny).length > 0 && listOf(values.allow).length === 0) ||
    (values.disabled === true && values.source_ranges !== undefined)
  );
}

function doorsOfRule(type: string, rule: JsonObject): readonly Door[] {
  const keys = /network_acl/.test(type) ? [...SOURCE_KEYS, 'cidr_block', 'ipv6_cidr_block'] : SOURCE_KEYS;
  // `authorized_networks` of Google's databases and clusters name a range `value` or `cidr_block`.
  const networks = [...listOf(rule.authorized_networks), ...listOf(rule.cidr_blocks)].flatMap((network) => [
    ...textsIn(network, 'value'),
    ...textsIn(network, 'cidr_block'),
  ]);
  const sources = [...keys.flatMap((key) => textsIn(rule, key)), ...networks].flatMap(
    (text) => sourceOf(text) ?? [],
  );
  const ports = portsOf(rule);
  if (sources.length > 0) {
    const known: readonly Ports[] =
      ports.length > 0 ? ports : [{ protocol: undefined, from: undefined, to: undefined }];
    return known.flatMap((some) => sources.map((source) => ({ ports: some, source })));
  }
  const listed = [...keys, ...INNER_SOURCES].some((key) => Object.hasOwn(rule, key));
  return listed || !FIREWALL.test(type) ? [] : ports.map((some) => ({ ports: some, source: null }));
}

function listOf(value: Json | undefined): readonly Json[] {
  return isArray(value) ? value : [];
}

/** A source from outside; undefined for what is no address, and for addresses that the internet does not route. */
function sourceOf(text: string): Door['source'] | undefined {
  const everybody = EVERYBODY[text.toLowerCase()];
  if (everybody !== undefined) return { text: everybody, cidr: null };
  const cidr = parseCidr(text);
  if (cidr === undefined || !isPublic(cidr)) return undefined;
  const shown = oneLine(text).replace(/\/(32|128)$/, (suffix) =>
    suffix === '/32' || cidr.version === 6 ? '' : suffix,
  );
  return { text: isWorld(cidr) ? `the world (${shown})` : shown, cidr };
}

/** The ports of a rule in the forms of the providers; empty if the rule lists none. */
function portsOf(rule: JsonObject): readonly Ports[] {
  // Google: `allow { protocol, ports }`.
  const allowed = isArray(rule.allow)
    ? rule.allow.flatMap((each) => (isObject(each) ? portsOf(each) : []))
    : [];
  if (allowed.length > 0) return allowed;
  const protocol = protocolOf(rule);
  const [from, to] = [
    numberIn(rule, ['from_port', 'port_range_min']),
    numberIn(rule, ['to_port', 'port_range_max']),
  ];
  if (from !== undefined || to !== undefined) return [{ protocol, from: from ?? to, to: to ?? from }];
  const ranges = ['destination_port_range', 'destination_port_ranges', 'port_range', 'ports', 'port'].flatMap(
    (key) =>
      textsIn(rule, key).flatMap((text) => {
        const range = rangeOf(text);
        return range === undefined ? [] : [range];
      }),
  );
  if (ranges.length > 0) return ranges.map(([low, high]) => ({ protocol, from: low, to: high }));
  return protocol === undefined ? [] : [{ protocol, from: undefined, to: undefined }];
}

function protocolOf(rule: JsonObject): string | undefined {
  const value = rule.protocol ?? rule.ip_protocol;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const name = String(value).toLowerCase();
  // The numbers are IANA's protocol numbers.
  return (
    { all: '-1', '*': '-1', any: '-1', '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' }[name] ?? name
  );
}

function numberIn(rule: JsonObject, keys: readonly string[]): number | undefined {
  const value = keys
    .map((key) => rule[key])
    .find((each) => typeof each === 'number' || typeof each === 'string');
  const number = Number(value);
  return value === undefined || value === '' || !Number.isInteger(number) ? undefined : number;
}

function rangeOf(text: string): readonly [number, number] | undefined {
  if (text === '*' || text === 'all') return [0, 65_535];
  const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  return low === undefined ? undefined : [Number(low), Number(high ?? low)];
}
