/** Reads the projects of an `atlantis.yaml`. Pure. */
import { posix } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';

/** A project of Atlantis: a root module in a workspace. */
export interface AtlantisProject {
  readonly path: string;
  readonly workspace: string;
  /** Paths from the root's folder. */
  readonly varFiles: readonly string[];
  /** As `1.9.8`; null: it sets none. */
  readonly version: string | null;
  readonly tofu: boolean;
}

export interface AtlantisImport {
  readonly projects: readonly AtlantisProject[];
  /** What could not be taken over, for people. */
  readonly notes: readonly string[];
}

const project = z.object({
  dir: z.string(),
  workspace: z.string().optional(),
  workflow: z.string().optional(),
  terraform_version: z.union([z.string(), z.number()]).optional(),
  terraform_distribution: z.string().optional(),
});
const file = z.object({
  projects: z.array(project).default([]),
  workflows: z.record(z.string(), z.unknown()).default({}),
});

/** The words that the steps of a plan add to a command of the tool. */
function argumentsOf(workflow: unknown): {
  readonly words: readonly string[];
  readonly others: readonly string[];
} {
  const plan = isRecord(workflow) && isRecord(workflow.plan) ? workflow.plan : {};
  const steps = Array.isArray(plan.steps) ? (plan.steps as readonly unknown[]) : [];
  const words: string[] = [];
  const others: string[] = [];
  for (const step of steps) {
    if (typeof step === 'string') continue;
    for (const [name, how] of Object.entries(isRecord(step) ? step : {})) {
      const extra = isRecord(how) && Array.isArray(how.extra_args) ? how.extra_args : null;
      if ((name === 'init' || name === 'plan') && extra !== null) words.push(...extra.map(String));
      else if (name !== 'init' && name !== 'plan') others.push(name);
    }
  }
  return { words, others };
}

/** Var files and other options among the words, with Atlantis's variables filled in. */
function readWords(words: readonly string[], workspace: string) {
  const varFiles: string[] = [];
  const others: string[] = [];
  const filled = words.map((word) => word.replace(/\$\{?WORKSPACE\}?/g, workspace));
  for (let i = 0; i < filled.length; i += 1) {
    const word = filled[i] ?? '';
    const [, joined] = /^--?var-file=(.+)$/.exec(word) ?? [];
    if (joined !== undefined) varFiles.push(joined);
    else if (/^--?var-file$/.test(word)) {
      varFiles.push(filled[i + 1] ?? '');
      i += 1;
    } else others.push(word);
  }
  return { varFiles: varFiles.filter((name) => name !== ''), others };
}

function folderOf(dir: string): string | null {
  const path = posix.normalize(dir).replace(/\/+$/, '');
  if (path === '.' || path === '') return '';
  return path.startsWith('../') || path === '..' || path.startsWith('/') ? null : path;
}

/**
 * Reads the file. `varFiles`: the paths of all var files of the repository, because Atlantis adds `env/WORKSPACE.tfvars`
 * by itself where there is one.
 */
export function readAtlantis(text: string, varFiles: readonly string[]): AtlantisImport {
  let raw: z.infer<typeof file>;
  try {
    raw = file.parse(parse(text, { merge: true }));
  } catch (error) {
    const why = errorText(error).split('\n')[0] ?? '';
    return { projects: [], notes: [`atlantis.yaml can't be read, so nothing of it is taken over: ${why}`] };
  }
  const notes = new Set<string>();
  const there = new Set(varFiles);
  const projects = raw.projects.flatMap((one): AtlantisProject[] => {
    const path = folderOf(one.dir);
    if (path === null || /[*?[]/.test(path)) {
      notes.add(`project with dir "${one.dir}": not taken over, because that is no folder of the repository`);
      return [];
    }
    const workspace = one.workspace ?? 'default';
    const own = `env/${workspace}.tfvars`;
    const files = there.has(posix.join(path, own)) ? [own] : [];
    const workflow = one.workflow === undefined ? undefined : raw.workflows[one.workflow];
    if (one.workflow !== undefined && workflow === undefined) {
      notes.add(`workflow "${one.workflow}" is not in atlantis.yaml: its options are not taken over`);
    }
    const { words, others } = argumentsOf(workflow);
    const read = readWords(words, workspace);
    for (const word of read.others) {
      notes.add(`workflow "${one.workflow}": the option ${word} is not taken over`);
    }
    for (const name of others) notes.add(`workflow "${one.workflow}": its step "${name}" is not taken over`);
    const version = /^v?(\d+\.\d+(\.\d+)?)$/.exec(String(one.terraform_version ?? ''))?.[1] ?? null;
    return [
      {
        ...{ path, workspace, version },
        varFiles: [...files, ...read.varFiles.filter((name) => !files.includes(name))],
        tofu: one.terraform_distribution === 'opentofu',
      },
    ];
  });
  return { projects, notes: [...notes] };
}
