/** Something in a policy that compiles and yet can't do what it was written for. */
export interface LintWarning {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** The keys of the input document (contract "policies"). */
const INPUT_KEYS = new Set([
  ...['plan', 'deploymentRequest', 'template', 'deployerUser', 'approvers', 'policyData'],
  ...['policyConfiguration', 'm0'],
]);
const M0_KEYS = new Set(['drift', 'stack', 'environment', 'workspace', 'run', 'now', 'findings']);

/** Reads a policy's lines for what never fires. A warning is advice: it changes no decision. */
export function lintRego(file: string, text: string): readonly LintWarning[] {
  return text.split('\n').flatMap((raw, i) => {
    const line = raw.replace(/(^|\s)#.*$/, '');
    const warn = (message: string): LintWarning => ({ file, line: i + 1, text: message });
    const warnings: LintWarning[] = [];
    // A deployment's type may well be "destroy"; an action of a plan never is.
    if (line.includes('"destroy"') && !/deploymentRequest|type/.test(line)) {
      warnings.push(warn('Terraform never says the action "destroy", it says "delete": this never matches'));
    }
    for (const [, key = ''] of line.matchAll(/\binput\.(\w+)/g)) {
      if (!INPUT_KEYS.has(key)) warnings.push(warn(`input has no key ${key}: this is always undefined`));
    }
    for (const [, key = ''] of line.matchAll(/\binput\.m0\.(\w+)/g)) {
      if (!M0_KEYS.has(key)) warnings.push(warn(`input.m0 has no key ${key}: this is always undefined`));
    }
    return warnings;
  });
}
