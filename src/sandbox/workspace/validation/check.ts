import { isRecord } from '../../../base/is-record.ts';

/** A complaint about one place of what an app sent, worded as Slack words it. */
export interface Issue {
  readonly message: string;
  /** JSON pointer to the place. */
  readonly at: string;
}

/** Looks at one value and adds what is wrong with it. */
export type Check = (value: unknown, at: string, issues: Issue[]) => void;

export type Fields = Readonly<Record<string, Check>>;

/** A string of `min` to `max` characters, of the form of `pattern` where one is given. */
export function string(limits: { min?: number; max?: number; pattern?: RegExp } = {}): Check {
  const { min = 0, max = Number.POSITIVE_INFINITY, pattern } = limits;
  return (value, at, issues) => {
    if (typeof value !== 'string') issues.push({ message: 'must provide a string', at });
    else if (value.length < min) issues.push({ message: `must be more than ${min - 1} characters`, at });
    else if (value.length > max) {
      issues.push({ message: `must be less than ${max + 1} characters (is ${value.length})`, at });
    } else if (pattern && !pattern.test(value)) issues.push({ message: 'has an invalid format', at });
  };
}

/** An http or https address. */
export function url(max = 3000): Check {
  return string({ min: 1, max, pattern: /^https?:\/\/[^\s<>|]+$/ });
}

export const boolean: Check = (value, at, issues) => {
  if (typeof value !== 'boolean') issues.push({ message: 'must provide a boolean', at });
};

export function integer(min: number, max: number): Check {
  return (value, at, issues) => {
    if (!Number.isInteger(value)) issues.push({ message: 'must provide an integer', at });
    else if ((value as number) < min || (value as number) > max) {
      issues.push({ message: `must be from ${min} to ${max}`, at });
    }
  };
}

export function oneOf(...allowed: readonly (string | number)[]): Check {
  return (value, at, issues) => {
    if (!allowed.includes(value as string)) {
      issues.push({ message: `must be one of ${allowed.join(', ')}`, at });
    }
  };
}

export function array(item: Check, limits: { min?: number; max: number }): Check {
  const { min = 0, max } = limits;
  return (value, at, issues) => {
    if (!Array.isArray(value)) {
      issues.push({ message: 'must provide an array', at });
      return;
    }
    if (value.length < min) issues.push({ message: `must have at least ${min} items`, at });
    if (value.length > max) {
      issues.push({ message: `no more than ${max} items allowed (has ${value.length})`, at });
    }
    value.forEach((entry, index) => {
      item(entry, `${at}/${index}`, issues);
    });
  };
}

/** An object with these fields and no others; `rule` looks at the whole. */
export function object(required: Fields, optional: Fields = {}, rule?: Check): Check {
  return (value, at, issues) => {
    if (!isRecord(value)) {
      issues.push({ message: 'must provide an object', at });
      return;
    }
    for (const field of Object.keys(required)) {
      if (value[field] === undefined) issues.push({ message: `missing required field: ${field}`, at });
    }
    for (const [field, entry] of Object.entries(value)) {
      if (entry === undefined) continue;
      const check = own(required, field) ?? own(optional, field);
      if (check) check(entry, `${at}/${field}`, issues);
      else issues.push({ message: `invalid additional property: ${field}`, at });
    }
    rule?.(value, at, issues);
  };
}

/** An object whose `type` names one of the checks. */
export function byType(checks: Fields): Check {
  return (value, at, issues) => {
    if (!isRecord(value)) {
      issues.push({ message: 'must provide an object', at });
      return;
    }
    const check = typeof value.type === 'string' ? own(checks, value.type) : undefined;
    if (check) check(value, at, issues);
    else issues.push({ message: `unsupported type: ${String(value.type)}`, at: `${at}/type` });
  };
}

/** `type` itself is looked at by byType. */
export const anything: Check = () => {};

export function both(...checks: readonly Check[]): Check {
  return (value, at, issues) => {
    for (const check of checks) check(value, at, issues);
  };
}

/** Slack's way to write an issue into `response_metadata.messages`. */
export function wording(issue: Issue): string {
  return `[ERROR] ${issue.message} [json-pointer:${issue.at}]`;
}

function own(fields: Fields, name: string): Check | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
