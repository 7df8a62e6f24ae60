/**
 * Port for plan files, logs and long texts, stored by name and readable to m0 only. A name has letters, digits and
 * `._-`, and folders separated by `/`.
 */
export interface Artifacts {
  /** Stores the bytes under the name and replaces what was there. */
  put(name: string, bytes: Uint8Array | string): Promise<void>;
  /** The bytes stored under the name; undefined if there are none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Deletes the bytes stored under the name. A missing name is no error. */
  delete(name: string): Promise<void>;
  /** All names in a folder, including partly written ones that a crashed process left. */
  list(folder: string): Promise<readonly string[]>;
}
