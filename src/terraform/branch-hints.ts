/** Where the cloud moved: the unmerged branches that change what moved there. */
import type { Logger } from '../base/log.ts';
import { blockAddress } from '../drift/alike.ts';
import type { Finding } from '../drift/finding.ts';
import { branchesThatChange } from '../git/branches.ts';
import type { Mirrors } from '../git/mirrors.ts';
import type { Stack } from '../model/directory.ts';
import type { CodePlace } from '../model/links/forge.ts';
import type { PlanResult } from '../ports/runner.ts';

/** What was planned, and where its resources are declared. */
interface Planned {
  readonly stack: Stack;
  readonly commit: string;
  readonly findings: readonly Finding[];
  readonly places: Readonly<Record<string, CodePlace>>;
}

/** The branches by the address of the block. Never rejects: it is only a hint. */
export async function branchHints(
  { stack, commit, findings, places }: Planned,
  mirrors: Pick<Mirrors, 'reading'>,
  log: Logger,
): Promise<Pick<PlanResult, 'branches'>> {
  const moved = new Set(
    findings.filter((f) => f.actionable && f.origin !== 'code').map((f) => blockAddress(f.address)),
  );
  const own = Object.fromEntries(Object.entries(places).filter(([address]) => moved.has(address)));
  if (Object.keys(own).length === 0) return {};
  try {
    const branches = await mirrors.reading(stack.source.git, 'listing the branches of', (git) =>
      branchesThatChange(git, commit, own),
    );
    return Object.keys(branches).length === 0 ? {} : { branches };
  } catch (error) {
    log.warn({ err: error, stack: stack.name }, 'the branches that may have been applied are not known');
    return {};
  }
}
