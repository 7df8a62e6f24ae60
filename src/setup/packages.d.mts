interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean; devOptional?: boolean }>;
}

/**
 * True where the packages that npm lists as installed match the lock file. Packages for other platforms may
 * be missing, and development packages too unless `dev`.
 */
export function packagesMatch(lock: Lock, installed: Lock | undefined, options: { dev: boolean }): boolean;

/**
 * True if npm should install the development packages too: because `dev` asks for them, or because some are
 * installed already, and an install without them would remove those.
 */
export function installsDev(lock: Lock, installed: Lock | undefined, options: { dev: boolean }): boolean;
