/** The arguments of `m0 worker`. */
import { LABEL, NO_LABEL } from '../model/worker-label.ts';

const HOW = 'write --labels LABEL,…, or nothing for the stacks without a label';
/** The largest limit of a label, as of M0_CONCURRENCY. */
const MOST = 256;

export interface WorkerLabels {
  readonly labels: readonly string[];
  /** How many stacks of a label the worker works on at the same time, where that is less than of all. */
  readonly limits: ReadonlyMap<string, number>;
}

/** The labels of the stacks that the worker works on, or what is wrong with the arguments. */
export function workerLabels(args: readonly string[]): WorkerLabels | string {
  const [option, given, ...more] = args;
  if (option === undefined) return { labels: [NO_LABEL], limits: new Map() };
  if (option !== '--labels' || given === undefined || more.length > 0)
    return `it takes only --labels: ${HOW}`;
  const limits = new Map<string, number>();
  const labels = new Set<string>();
  for (const part of given.split(',').map((each) => each.trim())) {
    const [label = '', limit, ...rest] = part.split('=');
    if (!LABEL.test(label))
      return `"${label}" is no label: labels have up to 40 small letters, digits and hyphens, as in private-vpc`;
    if (labels.has(label)) return `"${label}" is there twice: name each label once`;
    labels.add(label);
    if (limit === undefined) continue;
    const count = /^[1-9][0-9]*$/.test(limit) ? Number(limit) : 0;
    if (rest.length > 0 || count < 1 || count > MOST)
      return `"${part}": the limit of a label is a number from 1 to ${MOST}, as in ${label}=2`;
    limits.set(label, count);
  }
  return { labels: [...labels], limits };
}
