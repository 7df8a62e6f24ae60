/** The order in which vitest starts test files: the slowest first. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest test files, slowest first. All others come after them, in the order of PROJECTS. */
const LONGEST = [
  'walk.long',
  'simulation/seeds.long',
  'rolling.long',
  'story.long',
  'ten-stacks.long',
  'crash-points.long',
  'policy-probes.long',
  'image.long',
  'nights.long',
  'workers-faults.long',
  'teams.long',
  'policies.long',
  'secrets.long',
  'crash.long',
  'edit-samples.long',
  'codify-story.long',
  'fleet400.long',
  'real-kills.long',
  'process.long',
  'forge.long',
  'starter-policies.long',
  'runner.long',
  'roles.long',
  'crash-points',
  'simulation/seeds',
  'forge',
  'runner.tools',
];
const PROJECTS = ['crash', 'tools', 'quick', 'long'];

/** Starts the slowest files first, so no slow file runs alone at the end. Needs no timings of earlier runs. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // vitest's own order: by the duration of the last run, if it has one.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf(file: TestSpecification): number {
  const known = LONGEST.findIndex((name) => file.moduleId.endsWith(`/${name}.test.ts`));
  return known === -1 ? LONGEST.length + PROJECTS.indexOf(file.project.name) : known;
}
