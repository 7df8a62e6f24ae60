/** A strict parser of Prometheus' text format 0.0.4: text that Prometheus would reject or misread is an error. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  /** Family -> type. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
  readonly comments: readonly string[];
  /** The value of the sample with exactly this name and these labels; throws if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
  /** True if there is a sample of this name. */
  has(name: string): boolean;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/y;
const LINE = new RegExp(`^(${NAME})(\\{.*\\})? (\\S+)$`);

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const inner = text.slice(1, -1);
  for (let at = 0; at < inner.length; ) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(inner);
    if (!match) throw new Error(`labels ${text}: not readable at ${inner.slice(at)}`);
    const [, name = '', value = ''] = match;
    if (name in labels) throw new Error(`labels ${text}: ${name} twice`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    at = LABEL.lastIndex;
    if (at < inner.length && inner[at] !== ',')
      throw new Error(`labels ${text}: no comma at ${inner.slice(at)}`);
    at += 1;
  }
  return labels;
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  // Prometheus accepts NaN in any letter case, and prom-client writes Nan.
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  throw new Error(`"${text}" is no number`);
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  const family = name.replace(/_(bucket|sum|count)$/, '');
  const type = types.get(family);
  if (type === 'histogram' || (type === 'summary' && !name.endsWith('_bucket'))) return family;
  throw new Error(`${name} has no TYPE before it`);
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Checks that each histogram's buckets never decrease and end in +Inf, whose value is the count. */
function checkHistograms(types: ReadonlyMap<string, string>, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    if (!sample.name.endsWith('_bucket')) continue;
    const { le, ...rest } = sample.labels;
    if (le === undefined) throw new Error(`${sample.name} without le`);
    const key = keyOf(sample.name, rest);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const buckets of series.values()) {
    const [first] = buckets;
    const bounds = buckets.map((b) => numberOf(b.labels.le ?? ''));
    const values = buckets.map((b) => b.value);
    for (let i = 1; i < buckets.length; i += 1) {
      if ((bounds[i] ?? 0) <= (bounds[i - 1] ?? 0)) throw new Error(`${first?.name}: bounds out of order`);
      if ((values[i] ?? 0) < (values[i - 1] ?? 0)) throw new Error(`${first?.name}: buckets fall`);
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${first?.name}: no +Inf`);
    const { le: _, ...rest } = first?.labels ?? {};
    const count = samples.find(
      (s) => keyOf(s.name, s.labels) === keyOf((first?.name ?? '').replace(/_bucket$/, '_count'), rest),
    );
    if (count?.value !== values.at(-1)) throw new Error(`${first?.name}: +Inf is not the count`);
  }
  for (const [name, type] of types) {
    if (type === 'counter' && name.startsWith('m0_') && !name.endsWith('_total')) {
      throw new Error(`counter ${name} does not end in _total`);
    }
  }
}

export function readExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const helped = new Set<string>();
  const samples: Sample[] = [];
  const comments: string[] = [];
  const seen = new Set<string>();
  const closed = new Set<string>();
  let open = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const meta = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line);
    if (meta) {
      const [, what, name = '', rest = ''] = meta;
      const known = what === 'HELP' ? helped.has(name) : types.has(name);
      if (known) throw new Error(`${what} ${name} twice`);
      if (what === 'HELP') helped.add(name);
      else {
        if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(rest)) throw new Error(line);
        types.set(name, rest);
      }
      continue;
    }
    if (line.startsWith('#')) {
      comments.push(line);
      continue;
    }
    const match = LINE.exec(line);
    if (!match) throw new Error(`not readable: ${line}`);
    const [, name = '', labelText, number = ''] = match;
    const family = familyOf(name, types);
    if (!helped.has(family)) throw new Error(`${family} has no HELP`);
    if (family !== open) {
      if (closed.has(family)) throw new Error(`${family} stands in two places`);
      closed.add(open);
      open = family;
    }
    const labels = labelText === undefined ? {} : labelsOf(labelText);
    const key = keyOf(name, labels);
    if (seen.has(key)) throw new Error(`${key} twice`);
    seen.add(key);
    samples.push({ name, labels, value: numberOf(number) });
  }
  checkHistograms(types, samples);
  return {
    types,
    samples,
    comments,
    value(name, labels = {}) {
      const sample = samples.find((s) => keyOf(s.name, s.labels) === keyOf(name, labels));
      if (!sample) throw new Error(`there is no ${name} ${JSON.stringify(labels)}`);
      return sample.value;
    },
    has: (name) => samples.some((s) => s.name === name),
  };
}
