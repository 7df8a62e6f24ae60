/** One sample for the editor: code, what is in the cloud, and the text that the edit must give, byte for byte. */
import { type EditAnswer, editCode } from '../../../src/codify/edit/edit-code.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Finding, Json } from '../../../src/drift/finding.ts';
import type { PlanDocument } from '../../../src/drift/plan-document.ts';
import { readPlan } from '../../../src/drift/read-plan.ts';
import type { Schema } from '../../../src/drift/schema.ts';
import { type Planned, planJson } from '../plan.ts';

type Values = { readonly [key: string]: Json };
type Files = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly files: Files;
  readonly address: string;
  /** What the code sets, as the plan has it; null: it was deleted by hand and `actual` is left out. */
  readonly desired: Values;
  /** What is in the cloud; null: the resource was deleted by hand. */
  readonly actual: Values | null;
  /** By file, the texts that change, each of which is there exactly once. Everything else must stay. */
  readonly after?: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /**
   * For samples that are refused: the same for the code that was applied before, so that the cloud is another than the
   * code. Left out: the sample is not planned with real Terraform.
   */
  readonly applied?: Sample['after'];
  /** The reason, and the whole sentence. */
  readonly refused?: readonly [string, string];
  readonly ask?: string;
  readonly root?: string;
  readonly varFiles?: readonly string[];
  readonly setOutside?: readonly string[];
  /** Other resources of the plan: further instances, what is referred to. */
  readonly others?: readonly Planned[];
  /** Other parts of the plan. */
  readonly rest?: Values;
  readonly sensitive?: Json;
  /** What the provider's schema says; left out: it is not known. */
  readonly schema?: Schema;
  /** What an apply does. Left out: an update, or a create of what was deleted by hand. */
  readonly actions?: readonly string[];
  /** Variables that are set outside Git when it is planned, where that differs from what the files say. */
  readonly outside?: Readonly<Record<string, string>>;
  /** Planned in a root module of its own, with others of the same name; left out: in the one of most samples. */
  readonly planned?: 'default tags' | 'OpenTofu';
  /** Why the sample is not planned with real Terraform; left out: it is. */
  readonly notPlanned?: string;
}

/** The plan of a sample, and its finding. */
export function planOf(sample: Sample): { readonly document: PlanDocument; readonly finding: Finding } {
  const { address, desired, actual, others = [], rest = {}, sensitive, actions } = sample;
  const own: Planned = {
    address,
    recorded: desired,
    actual,
    desired,
    ...(actual === null ? { actions: ['create'] } : {}),
    ...(actions === undefined ? {} : { actions, desired: null }),
    ...(sensitive === undefined ? {} : { sensitive }),
  };
  const document = readPlan(JSON.stringify(planJson([own, ...others], rest)), sample.name);
  return { document, finding: findingAt(document, address) };
}

export function findingAt(document: PlanDocument, address: string): Finding {
  const finding = analyzePlan(document, { key: 'test' }).findings.find((one) => one.address === address);
  if (finding === undefined) throw new Error(`the plan has no finding for ${address}`);
  return finding;
}

/** Asks the editor. */
export function editSample(sample: Sample): Promise<EditAnswer> {
  return editCode({
    files: new Map(Object.entries(sample.files)),
    root: sample.root ?? '',
    varFiles: sample.varFiles ?? [],
    setOutside: sample.setOutside ?? [],
    ...(sample.schema === undefined ? {} : { schema: sample.schema }),
    ...planOf(sample),
  });
}

/** The files that the edit must change, with their whole new texts. */
export function expectedFiles({ files, after = {} }: Sample): Files {
  return withChanges(files, after);
}

/** The files that were applied before the code was another, as far as they differ. */
export function appliedFiles(sample: Sample): Files {
  return withChanges(sample.files, sample.applied ?? sample.after ?? {});
}

function withChanges(files: Files, changes: NonNullable<Sample['after']>): Files {
  return Object.fromEntries(
    Object.entries(changes).map(([path, own]) => [
      path,
      own.reduce((text, [from, to]) => {
        if (text.split(from).length !== 2) throw new Error(`${JSON.stringify(from)} must be once in ${path}`);
        return text.replace(from, () => to);
      }, files[path] ?? ''),
    ]),
  );
}

/** The text with the line ends of Windows. */
export function crlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
