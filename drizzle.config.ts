import { defineConfig } from 'drizzle-kit';

/** Used by `npm run db:generate` only; m0 applies what it generates when it opens its store. */
export default defineConfig({
  dialect: 'sqlite',
  schema: './src/store/schema.ts',
  out: './src/store/migrations',
});
