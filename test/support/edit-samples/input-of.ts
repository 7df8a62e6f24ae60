/** A resource whose one attribute is this expression. */
export const inputOf = (name: string, value: string): string =>
  `resource "terraform_data" "${name}" {\n  input = ${value}\n}\n`;
