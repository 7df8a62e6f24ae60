/** What a resource is created with, or would lose with a delete, as rows of a diff. */
import type { ContentEntry, Finding, Json } from '../drift/finding.ts';
import { happenedMark } from '../drift/happened.ts';
import { contentsOf } from '../drift/severity/places.ts';
import { policySummary } from '../drift/severity/policy-document.ts';
import { contentWidens } from '../drift/severity.ts';
import { describeValue } from '../drift/value-text.ts';
import { type DiffRow, noteRow } from './card.ts';
import { alarming, labelOf } from './rows.ts';
import { unsteadyNotes } from './side-rows.ts';

/** The most rows of a create or delete on a card, and how many are enough before labels and defaults. */
const SHOWN = 5;
const ENOUGH = 2;
/** The most statements of one policy. */
const STATEMENTS = 3;

/** What matters most to a person who decides, first to last: patterns for the keys of a path. */
const RANKS: readonly RegExp[] = [
  // Who gets in.
  /^(ingress|security_rule|inbound_rule|allow|source_\w+|cidr_\w+|\w*cidr_blocks|authorized_networks|from_port|to_port|(ip_)?protocol|destination_port_\w+|publicly_accessible|public_\w+|block_public_\w+|acl|access|direction|members?|principal(_id)?|internal)$/,
  // Who may do what.
  /^(policy|assume_role_policy|inline_policy|access_policy|policy_arn|managed_policy_arns|role|role_definition_name|actions?|permissions)$/,
  // What it is called.
  /^(name|name_prefix|bucket|identifier|cluster_identifier|db_name|function_name|queue_name|zone_id|fqdn)$/,
  // How big it is.
  /^(instance_type|instance_class|node_type|machine_type|size|vm_size|sku\w*|tier|allocated_storage|storage_\w*|capacity|desired_\w+|min_size|max_size|memory\w*|cpu|read_capacity|write_capacity|replicas|node_count)$/,
  // What runs on it.
  /^(engine|engine_version|runtime|image\w*|ami|version|platform|handler|type)$/,
  // How its data is protected.
  /^(storage_encrypted|encrypted|kms_\w+|sse\w*|server_side_encryption\w*|deletion_protection\w*|backup_\w+|skip_final_snapshot|force_destroy|versioning)$/,
];
const LABELS = /^(tags|tags_all|labels|effective_labels|terraform_labels|timeouts|description|id|arn)$/;

function rankOf(path: string): number {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '' && key !== '*' && !/^\d+$/.test(key));
  const [first = ''] = keys;
  if (LABELS.test(first)) return RANKS.length + 1;
  const at = RANKS.findIndex((pattern) => pattern.test(first) || pattern.test(keys.at(-1) ?? ''));
  return at === -1 ? RANKS.length : at;
}

type ContentKind = 'add' | 'del' | 'same';

/** What happened to the values: a resource that was deleted by hand lost them, though an apply would set them again. */
function kindOf(finding: Finding): ContentKind {
  if (finding.action !== 'create' && finding.action !== 'delete') return 'same';
  return happenedMark(finding) === '+' ? 'add' : 'del';
}

interface Content {
  readonly entry: ContentEntry;
  /** True if the value lets somebody in. */
  readonly widens: boolean;
}

/** The entries; the values of one firewall rule, listed one by one, are one entry. */
function grouped(finding: Finding): readonly Content[] {
  const contents = finding.contents ?? [];
  const groups = new Map<string, ContentEntry[]>();
  for (const entry of contents) {
    const place = /^([A-Za-z_]\w*\[\d+\])\./.exec(entry.path)?.[1] ?? entry.path;
    groups.set(place, [...(groups.get(place) ?? []), entry]);
  }
  return [...groups].flatMap(([place, entries]) => {
    const widens = contentWidens(finding, entries);
    const each = entries.map((entry) => ({ entry, widens }));
    if (entries.length < 2) return each;
    const [value] = Object.values(contentsOf({ ...finding, contents: entries })).flat() as Json[];
    // A rule in short form does not start with a bracket.
    const isRule = value !== undefined && !describeValue(value, 10).startsWith('{');
    const path = place.replace(/\[\d+\]$/, '');
    return isRule ? [{ entry: { path, value, sensitive: false }, widens }] : each;
  });
}

function rowsOf({ entry, widens }: Content, kind: ContentKind, max: number): readonly DiffRow[] {
  return alarming(plainRowsOf(entry, kind, max), widens && kind === 'add');
}

function plainRowsOf(entry: ContentEntry, kind: ContentKind, max: number): readonly DiffRow[] {
  const label = labelOf(entry.path);
  const summary = policySummary(entry.value);
  if (summary === undefined || summary.length === 0) {
    return [{ kind, label, value: describeValue(entry.value, max) }];
  }
  const more = summary.length - STATEMENTS;
  const shown = more > 1 ? summary.slice(0, STATEMENTS) : summary;
  return [
    ...shown.map((words) => ({ kind, label, value: describeValue(words, max) })),
    ...(more > 1 ? [{ kind, label, value: `and ${more} more statements` }] : []),
  ];
}

/** True for what is mostly a default that nobody wrote, and says less than other values. */
function isDefault({ value }: ContentEntry): boolean {
  return value === false || value === 0 || value === '0';
}

/** True for values that a person can judge before the apply. */
function isKnown({ value }: ContentEntry): boolean {
  return !(typeof value === 'object' && value !== null && 'unknown' in value);
}

/**
 * The few contents that matter for a decision, for a card: who gets in, who may do what, names, sizes, versions,
 * encryption. Policies are summarised, one row a statement. Only creates and deletes have such rows: of a replace
 * the card shows what changes.
 */
export function contentRows(finding: Finding, max: number): readonly DiffRow[] {
  if (finding.action !== 'create' && finding.action !== 'delete') return [];
  const kind = kindOf(finding);
  const entries = grouped(finding).filter(({ entry }) => isKnown(entry));
  const ranked = entries
    .map((content) => ({
      content,
      rank: rankOf(content.entry.path) + (isDefault(content.entry) ? 0.5 : 0),
    }))
    .sort((a, b) => a.rank - b.rank);
  const shown: DiffRow[] = [];
  let used = 0;
  for (const { content, rank } of ranked) {
    const some = rowsOf(content, kind, max);
    const full = shown.length + some.length > SHOWN || (shown.length >= ENOUGH && rank > RANKS.length);
    if (shown.length > 0 && full) break;
    shown.push(...some);
    used += 1;
  }
  const more = entries.length - used;
  // Of all entries, also of those that are not shown: they decide whether an approval can hold.
  shown.push(...(finding.contents ?? []).flatMap((one) => unsteadyNotes(one, labelOf(one.path))));
  return more === 0 ? shown : [...shown, noteRow('', `and ${more} more in the full diff`)];
}

/** All contents, for the full diff: each value whole, and what a policy allows above it. */
export function allContentRows(finding: Finding, max: number): readonly DiffRow[] {
  const kind = kindOf(finding);
  // What a replace changes stands among the attributes already.
  const told = new Set(finding.attributes.map(({ path }) => path));
  return (finding.contents ?? [])
    .filter(({ path }) => finding.action !== 'replace' || !told.has(path))
    .flatMap((entry): readonly DiffRow[] => {
      const label = labelOf(entry.path);
      const summary = policySummary(entry.value) ?? [];
      return [
        ...summary.map((words) => noteRow(label, describeValue(words, max))),
        ...alarming(
          [{ kind, label, value: describeValue(entry.value, max) }],
          kind === 'add' && contentWidens(finding, [entry]),
        ),
        ...unsteadyNotes(entry, label),
      ];
    });
}
