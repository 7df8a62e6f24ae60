interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; optional?: boolean; devOptional?: boolean }>;
}

/**
 * Whether what npm wrote down as installed agrees with the lock file. Packages for other platforms may be
 * missing, and so may those for development unless `dev`.
 */
export function packagesMatch(lock: Lock, installed: Lock | undefined, options: { dev: boolean }): boolean;

/**
 * Whether npm should install the development packages: where `dev` asks for them, and where some are there
 * already, because an install without them would remove those.
 */
export function installsDev(lock: Lock, installed: Lock | undefined, options: { dev: boolean }): boolean;
