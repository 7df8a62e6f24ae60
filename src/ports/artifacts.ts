/**
 * Where plan files, logs and long texts are kept: by name, readable to m0 only. Names are made of letters,
 * digits and `._-`, in folders divided by `/`.
 */
export interface Artifacts {
  /** Keeps the bytes under the name, in place of what was there. */
  put(name: string, bytes: Uint8Array | string): Promise<void>;
  /** The bytes kept under the name; undefined where there are none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Forgets the name; fine where it is not there. */
  delete(name: string): Promise<void>;
  /** Names in a folder, also of what a process that died has only half written. */
  list(folder: string): Promise<readonly string[]>;
}
