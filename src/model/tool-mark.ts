/** The mark that m0's tools leave in the logs of a cloud: which run of which stack sent a request. Pure. */
import { createHmac } from 'node:crypto';

/** The variable whose value Terraform's providers of AWS and others append to their user agent. */
const USER_AGENT_VARIABLE = 'TF_APPEND_USER_AGENT';
/** Of the part that nobody can guess: 64 bits. */
const PROOF_CHARACTERS = 16;

/**
 * `m0/prod-network/42`, of a plan. Other characters than those of a user agent's names are replaced; the number is unique.
 * Everybody can make it, so it proves nothing.
 */
export function planMark(stack: string, run: number): string {
  return `m0/${stack.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}/${run}`;
}

/**
 * `m0/prod-network/42-9c1f0a7b3e5d2468`, of an apply. Its end is made with m0's own key, so that nobody can have it in
 * requests of their own before the cloud's log shows it, which is minutes later.
 */
export function applyMark(stack: string, run: number, key: string): string {
  const proof = createHmac('sha256', key).update(`mark of an apply ${run} of ${stack}`).digest('hex');
  return `${planMark(stack, run)}-${proof.slice(0, PROOF_CHARACTERS)}`;
}

/** The variable with the mark behind the user agent that the stack's `env` sets already. */
export function toolMarkVariable(
  env: Readonly<Record<string, string>>,
  mark: string,
): Readonly<Record<string, string>> {
  const own = env[USER_AGENT_VARIABLE]?.trim() ?? '';
  return { [USER_AGENT_VARIABLE]: own === '' ? mark : `${own} ${mark}` };
}

/** True if the user agent of a request has the mark as a word of its own. */
export function hasToolMark(userAgent: string, mark: string): boolean {
  return userAgent.split(/[\s[\],()]+/).includes(mark);
}
