import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, longest first; all others come after, and those of one run of Terraform before the quick ones. */
const LONGEST = [
  'story.aws',
  'crash-points',
  'teams.aws',
  'starter-policies.tools',
  'policy.tools',
  'differential-corpus.tools',
  's3-backend.tools',
  'crash.tools',
  'process',
];
const PROJECTS = ['aws', 'crash', 'tools', 'quick', 'long'];

/** Starts the longest files first, so that none is left running alone at the end, on a fresh clone too. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // As vitest itself has it: what took longest the last time, where it knows.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf(file: TestSpecification): number {
  const known = LONGEST.findIndex((name) => file.moduleId.endsWith(`/${name}.test.ts`));
  return known === -1 ? LONGEST.length + PROJECTS.indexOf(file.project.name) : known;
}
