import { defineConfig } from 'drizzle-kit';

/** Used by `npm run db:generate:postgres` only; m0 applies what it generates when it opens its store. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/store/postgres/schema.ts',
  out: './src/store/postgres/migrations',
});
