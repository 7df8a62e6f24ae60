/** Reads the arguments of a Web API call. */
import type { Runtime } from '../runtime.ts';
import { ApiError } from './api-error.ts';

/**
 * The arguments of one call. In forms all values are texts and objects are JSON; in JSON bodies values have
 * their own types.
 */
export class Args {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string): string {
    const value = this.#fields[name];
    return value === undefined || value === null ? '' : String(value);
  }

  /** The text. Throws `invalid_arguments` where it is missing. */
  required(name: string): string {
    const value = this.text(name);
    if (value === '') throw new ApiError('invalid_arguments', [`[ERROR] missing required field: ${name}`]);
    return value;
  }

  flag(name: string, otherwise = false): boolean {
    if (!this.has(name)) return otherwise;
    return ['true', '1'].includes(this.text(name));
  }

  count(name: string, otherwise: number): number {
    const value = Number.parseInt(this.text(name), 10);
    return Number.isNaN(value) ? otherwise : value;
  }

  /** An object or array; a text is parsed as JSON. Throws `error` where it cannot be parsed. */
  json(name: string, error: string): unknown {
    const value = this.#fields[name];
    if (typeof value !== 'string') return value ?? undefined;
    if (value === '') return undefined;
    try {
      return JSON.parse(value);
    } catch {
      throw new ApiError(error, [`[ERROR] ${name} is not valid JSON`]);
    }
  }

  /** An array; empty where it is missing. */
  list(name: string, error: string): readonly unknown[] {
    const value = this.json(name, error);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw new ApiError(error, [`[ERROR] ${name} must be an array`]);
    return value;
  }
}

/** One Web API method: reads its arguments, changes the state, and returns the fields next to `ok: true`. */
export type Method = (runtime: Runtime, args: Args) => Record<string, unknown>;
