/** What the command line reads of a database, also while m0 is running. */
import type { ChainedEntry } from './audit-chain.ts';

/** Single values of a database that is open for reading. */
export interface ValuesView {
  /** Rejects with a StoreError. */
  value(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The audit log of a database that is open for reading. */
export interface RecordView {
  /** The file, or the address of the database without user and password. */
  readonly file: string;
  /** All entries, oldest first. Rejects with a StoreError. */
  lines(): AsyncIterable<ChainedEntry>;
  close(): Promise<void>;
}
