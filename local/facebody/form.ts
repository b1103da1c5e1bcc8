import { FaceBodyRefusal } from './errors.ts';

/** The parameters of an operation. */
export interface Form {
  /** `undefined` if absent or empty. */
  text(name: string, rule?: { readonly pattern?: RegExp; readonly maxLength?: number }): string | undefined;
  requiredText(name: string, rule?: { readonly pattern?: RegExp; readonly maxLength?: number }): string;
  integer(name: string, range: { readonly min: number; readonly max: number }): number | undefined;
  number(name: string, range: { readonly min: number; readonly max: number }): number | undefined;
  flag(name: string): boolean;
  has(name: string): boolean;
}

/** sdk: `name=value` joined by `&`, percent-encoded. guess: `ParameterError` for every invalid parameter. */
export function readForm(body: Buffer): Form {
  const fields = new URLSearchParams(body.toString('utf8'));
  const text: Form['text'] = (name, { pattern, maxLength } = {}) => {
    const value = fields.get(name) ?? '';
    if (value === '') return undefined;
    if (pattern && !pattern.test(value)) throw invalid(name, `must match ${pattern.source}`);
    if (maxLength !== undefined && value.length > maxLength) {
      throw invalid(name, `must not be longer than ${maxLength}`);
    }
    return value;
  };
  const number: Form['number'] = (name, { min, max }) => {
    const value = text(name);
    if (value === undefined) return undefined;
    const parsed = Number(value);
    if (!(parsed >= min && parsed <= max)) throw invalid(name, `must be from ${min} to ${max}`);
    return parsed;
  };
  return {
    text,
    requiredText(name, rule) {
      const value = text(name, rule);
      if (value === undefined) throw invalid(name, 'is required');
      return value;
    },
    number,
    integer(name, range) {
      const value = number(name, range);
      if (value !== undefined && !Number.isInteger(value)) throw invalid(name, 'must be an integer');
      return value;
    },
    flag: (name) => fields.get(name) === 'true',
    has: (name) => (fields.get(name) ?? '') !== '',
  };
}

function invalid(name: string, rule: string): FaceBodyRefusal {
  return new FaceBodyRefusal('ParameterError', `The parameter ${name} ${rule}.`);
}
