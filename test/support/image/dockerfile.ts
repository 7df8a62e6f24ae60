/**
 * Reads a Dockerfile as BuildKit does, as far as m0's needs it. Everything else is refused by its line, so that no step is
 * ever left out unseen.
 */

/** A check of a container's health. */
export interface Healthcheck {
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export type Step =
  | { readonly kind: 'RUN'; readonly script: string }
  | {
      readonly kind: 'COPY';
      readonly from: string | null;
      readonly sources: readonly string[];
      readonly to: string;
    }
  | { readonly kind: 'ARG'; readonly name: string; readonly value: string | null }
  | { readonly kind: 'ENV'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'WORKDIR'; readonly path: string }
  | { readonly kind: 'USER'; readonly user: string }
  | { readonly kind: 'VOLUME'; readonly paths: readonly string[] }
  | { readonly kind: 'EXPOSE'; readonly ports: readonly number[] }
  | { readonly kind: 'HEALTHCHECK'; readonly check: Healthcheck }
  | { readonly kind: 'CMD' | 'ENTRYPOINT'; readonly command: readonly string[] };

export interface Stage {
  readonly name: string;
  /** The name of an earlier stage, `scratch`, or an image. */
  readonly base: string;
  readonly steps: readonly Step[];
}

export interface Dockerfile {
  /** The ARGs before the first stage, with the values that were asked for. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

interface Line {
  readonly number: number;
  readonly word: string;
  readonly rest: string;
}

type Values = Readonly<Record<string, string>>;

/** Lines that end in a backslash are joined, and comments and empty lines left out, also between such lines. */
function linesOf(text: string): readonly Line[] {
  const found: Line[] = [];
  let number = 0;
  let joined = '';
  for (const [index, raw] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(raw)) continue;
    const ends = !/\\\s*$/.test(raw);
    const part = raw.replace(/\\\s*$/, '');
    if (joined === '') number = index + 1;
    joined += part;
    if (!ends) continue;
    const [, word = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(joined) ?? [];
    found.push({ number, word: word.toUpperCase(), rest });
    joined = '';
  }
  if (joined !== '') throw new Error(`Dockerfile:${number}: ends in the middle of an instruction`);
  return found;
}

function refused({ number, word, rest }: Line, why: string): Error {
  return new Error(`Dockerfile:${number}: ${word} ${rest}: ${why}`);
}

/** Replaces `${NAME}` and `$NAME`; every other use of a dollar is refused. */
function substituted(line: Line, text: string, values: Values): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))?/g, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain;
    if (name === undefined) throw refused(line, `${whole} is not a variable that the tests can read`);
    const value = values[name];
    if (value === undefined) throw refused(line, `there is no ARG or ENV ${name} here`);
    return value;
  });
}

function words(line: Line, values: Values): readonly string[] {
  if (/["'\\]/.test(line.rest)) throw refused(line, 'quoted words are not read by the tests');
  return substituted(line, line.rest, values).split(/\s+/);
}

/** The command in the form `["a", "b"]`. The form for a shell would run m0 below one, which takes its signals. */
function execForm(line: Line, text: string): readonly string[] {
  if (!text.startsWith('['))
    throw refused(line, 'write it as ["program", "argument"]: a shell would take the signals');
  const command: unknown = JSON.parse(text);
  if (!Array.isArray(command) || command.some((each) => typeof each !== 'string')) {
    throw refused(line, 'is not a list of words');
  }
  return command as readonly string[];
}

/** Flags in front of an instruction's words, as in `--from=stage`. */
function flagsOf(line: Line, known: readonly string[]): { readonly flags: Values; readonly rest: Line } {
  const flags: Record<string, string> = {};
  let { rest } = line;
  for (
    let match = /^--([\w-]+)=(\S*)\s*/.exec(rest);
    match !== null;
    match = /^--([\w-]+)=(\S*)\s*/.exec(rest)
  ) {
    const [whole, name = '', value = ''] = match;
    if (!known.includes(name)) throw refused(line, `the flag --${name} is not read by the tests`);
    flags[name] = value;
    rest = rest.slice(whole.length);
  }
  if (rest.startsWith('--')) throw refused(line, 'a flag without a value is not read by the tests');
  return { flags, rest: { ...line, rest } };
}

function milliseconds(line: Line, text: string): number {
  const [, number = '', unit = ''] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  if (number === '') throw refused(line, `${text} is not a duration`);
  return Number(number) * { ms: 1, s: 1_000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
}

function healthcheckOf(line: Line): Step {
  const { flags, rest } = flagsOf(line, ['interval', 'timeout', 'start-period']);
  const [, command = ''] = /^CMD\s+([\s\S]*)$/.exec(rest.rest) ?? [];
  return {
    kind: 'HEALTHCHECK',
    check: { command: execForm(line, command), timeoutMs: milliseconds(line, flags.timeout ?? '30s') },
  };
}

function copyOf(line: Line, values: Values): Step {
  const { flags, rest } = flagsOf(line, ['from']);
  const paths = words(rest, values);
  const to = paths.at(-1);
  if (to === undefined || paths.length < 2) throw refused(line, 'needs a source and a target');
  return { kind: 'COPY', from: flags.from ?? null, sources: paths.slice(0, -1), to };
}

function argOf(line: Line): { readonly name: string; readonly value: string | null } {
  const [, name = '', , value] = /^([A-Z_]\w*)(=(\S*))?$/.exec(line.rest) ?? [];
  if (name === '') throw refused(line, 'is not NAME or NAME=VALUE');
  return { name, value: value ?? null };
}

function envOf(line: Line, values: Values): Step {
  const pairs = words(line, values).map((word) => {
    const [, name, value = ''] = /^([A-Z_]\w*)=(.*)$/i.exec(word) ?? [];
    if (name === undefined) throw refused(line, `${word} is not NAME=VALUE`);
    return [name, value] as const;
  });
  return { kind: 'ENV', values: Object.fromEntries(pairs) };
}

/** One instruction of a stage. `values` are the stage's ARGs and ENVs so far. */
function stepOf(line: Line, values: Values): Step {
  switch (line.word) {
    case 'RUN':
      if (/^(--|\[|<<)/.test(line.rest))
        throw refused(line, 'only plain shell commands are read by the tests');
      return { kind: 'RUN', script: line.rest };
    case 'COPY':
      return copyOf(line, values);
    case 'ARG':
      return { kind: 'ARG', ...argOf(line) };
    case 'ENV':
      return envOf(line, values);
    case 'WORKDIR':
      return { kind: 'WORKDIR', path: words(line, values).join(' ') };
    case 'USER':
      return { kind: 'USER', user: words(line, values).join(' ') };
    case 'VOLUME':
      return { kind: 'VOLUME', paths: words(line, values) };
    case 'EXPOSE':
      return { kind: 'EXPOSE', ports: words(line, values).map(Number) };
    case 'HEALTHCHECK':
      return healthcheckOf(line);
    case 'CMD':
    case 'ENTRYPOINT':
      return { kind: line.word, command: execForm(line, line.rest) };
    default:
      throw refused(line, 'the tests do not know this instruction');
  }
}

/**
 * The stages of a Dockerfile, with `asked` for the ARGs before the first stage, as `--build-arg` gives them. Throws an error
 * with the line for every instruction, flag and variable that it does not know, and for an ARG that there is not.
 */
export function parseDockerfile(text: string, asked: Values = {}): Dockerfile {
  const args: Record<string, string> = {};
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  let values: Record<string, string> = {};
  for (const line of linesOf(text)) {
    const stage = stages.at(-1);
    if (line.word === 'FROM') {
      const [base = '', as = 'AS', name = String(stages.length), ...more] = words(line, args);
      if (as.toUpperCase() !== 'AS' || more.length > 0) throw refused(line, 'is not FROM image AS name');
      stages.push({ name, base, steps: [] });
      values = {};
    } else if (stage !== undefined) {
      const step = stepOf(line, values);
      if (step.kind === 'ARG') values[step.name] = step.value ?? args[step.name] ?? '';
      if (step.kind === 'ENV') Object.assign(values, step.values);
      stage.steps.push(step.kind === 'ARG' ? { ...step, value: values[step.name] ?? '' } : step);
    } else if (line.word === 'ARG') {
      const { name, value } = argOf(line);
      args[name] = asked[name] ?? value ?? '';
    } else {
      throw refused(line, 'only ARG may stand before the first FROM');
    }
  }
  const unknown = Object.keys(asked).find((name) => args[name] === undefined);
  if (unknown !== undefined) throw new Error(`Dockerfile: there is no ARG ${unknown}`);
  return { args, stages };
}

/** The stages that `target` needs, in their order: its bases, and those it copies from. Throws where there is no such stage. */
export function stagesFor({ stages }: Dockerfile, target: string): readonly Stage[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  if (!byName.has(target)) throw new Error(`Dockerfile: there is no stage ${target}`);
  const needed = new Set<string>();
  const add = (name: string): void => {
    const stage = byName.get(name);
    if (stage === undefined || needed.has(name)) return;
    needed.add(name);
    add(stage.base);
    for (const step of stage.steps) if (step.kind === 'COPY' && step.from !== null) add(step.from);
  };
  add(target);
  return stages.filter((stage) => needed.has(stage.name));
}
