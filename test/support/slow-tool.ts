/** A stand-in for terraform whose plan or apply hangs, as a real process. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planJson } from './plan.ts';

/** How the tool behaves in `plan` and in `apply`. `deaf`: it hangs, and ignores the request to stop. */
export interface SlowTool {
  readonly plan: 'quick' | 'hangs' | 'deaf';
  readonly apply: 'quick' | 'hangs' | 'deaf';
}

const BEHAVIOUR: Readonly<Record<SlowTool['plan'], string>> = {
  quick: ':',
  hangs: `trap 'echo "Error: interrupted" >&2; exit 1' INT; touch "$0.hangs"; while :; do sleep 0.05; done`,
  deaf: `trap '' INT; touch "$0.hangs"; while :; do sleep 0.05; done`,
};

/** Writes the tool into `dir`; its file is the result. While it hangs there is a file `<path>.hangs`. */
export function slowTool(dir: string, { plan, apply }: SlowTool): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'terraform');
  const document = planJson([{ recorded: { a: '1' }, actual: { a: '2' }, desired: { a: '1' } }]);
  writeFileSync(`${path}.json`, JSON.stringify(document));
  const script = `#!/bin/sh
case "$1" in
  version) echo '{"terraform_version": "1.11.4"}' ;;
  init) : ;;
  plan)
    ${BEHAVIOUR[plan]}
    for word in "$@"; do case "$word" in -out=*) echo plan > "\${word#-out=}" ;; esac; done
    exit 2 ;;
  show) cat "$0.json" ;;
  apply)
    ${BEHAVIOUR[apply]} ;;
  *) echo '{}' ;;
esac
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}
