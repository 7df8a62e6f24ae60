/** What `m0 init` reads of a file of code: enough to tell a root module from a module, and which tool it wants. */
import { isRecord } from '../base/is-record.ts';
import { type Block, nativeBlocks, type Token } from '../terraform/hcl-blocks.ts';

export interface CodeFacts {
  /** The sources of its modules, as they are written. */
  readonly modules: readonly string[];
  readonly hasResources: boolean;
  readonly hasProviders: boolean;
  readonly hasVariables: boolean;
  /** As in `>= 1.5, < 2`; null: it sets none. */
  readonly requiredVersion: string | null;
  /** True for a backend block that sets nothing: its settings come from `-backend-config`, or from the environment. */
  readonly emptyBackend: boolean;
}

/** The text of a string without templates; null for anything else. */
function literal(tokens: readonly Token[] | undefined): string | null {
  const [only, ...more] = tokens ?? [];
  if (only?.kind !== 'string' || more.length > 0) return null;
  const text = only.text.slice(1, -1);
  return /[\\"]|[$%]\{/.test(text) ? null : text;
}

function fromBlocks(blocks: readonly Block[]): CodeFacts {
  const of = (type: string): readonly Block[] => blocks.filter((block) => block.type === type);
  const settings = of('terraform');
  const backends = settings.flatMap((block) => block.blocks).filter(({ type }) => type === 'backend');
  return {
    modules: of('module').flatMap((block) => literal(block.attributes.get('source')) ?? []),
    hasResources: of('resource').length > 0,
    hasProviders: of('provider').length > 0,
    hasVariables: of('variable').length > 0,
    requiredVersion:
      settings.map((block) => literal(block.attributes.get('required_version'))).find((v) => v !== null) ??
      null,
    // A local backend is complete without settings.
    emptyBackend: backends.some(
      ({ labels, attributes, blocks: inner }) =>
        labels[0] !== 'local' && attributes.size === 0 && inner.length === 0,
    ),
  };
}

/** For a file that is not understood: what its lines look like. */
function fromLines(text: string): CodeFacts {
  const begins = (word: string): boolean => new RegExp(`^\\s*${word}\\s+"`, 'm').test(text);
  return {
    modules: [...text.matchAll(/^\s*source\s*=\s*"([^"$]+)"/gm)].map(([, source = '']) => source),
    hasResources: begins('resource'),
    hasProviders: begins('provider'),
    hasVariables: begins('variable'),
    requiredVersion: /^\s*required_version\s*=\s*"([^"$]+)"/m.exec(text)?.[1] ?? null,
    emptyBackend: false,
  };
}

function fromJson(document: unknown): CodeFacts {
  const file = isRecord(document) ? document : {};
  const settings = [file.terraform].flat().filter(isRecord);
  const modules = isRecord(file.module) ? Object.values(file.module).flat().filter(isRecord) : [];
  return {
    modules: modules.flatMap(({ source }) => (typeof source === 'string' ? [source] : [])),
    hasResources: file.resource !== undefined,
    hasProviders: file.provider !== undefined,
    hasVariables: file.variable !== undefined,
    requiredVersion: settings.map((s) => s.required_version).find((v) => typeof v === 'string') ?? null,
    emptyBackend: false,
  };
}

/** Reads a `.tf`, `.tofu` or `.json` file of code. A file that is not understood is read as well as can be. */
export function codeFacts(fileName: string, text: string): CodeFacts {
  if (!fileName.endsWith('.json')) {
    const blocks = nativeBlocks(text);
    return blocks === null ? fromLines(text) : fromBlocks(blocks);
  }
  try {
    return fromJson(JSON.parse(text) as unknown);
  } catch {
    return fromLines(text);
  }
}

/** The facts of several files together. */
export function joinFacts(all: readonly CodeFacts[]): CodeFacts {
  return {
    modules: all.flatMap((one) => one.modules),
    hasResources: all.some((one) => one.hasResources),
    hasProviders: all.some((one) => one.hasProviders),
    hasVariables: all.some((one) => one.hasVariables),
    requiredVersion: all.find((one) => one.requiredVersion !== null)?.requiredVersion ?? null,
    emptyBackend: all.some((one) => one.emptyBackend),
  };
}
