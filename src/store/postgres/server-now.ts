/** The clock of a PostgreSQL server, in a module that the thread of the heartbeats loads fast. */

/** The time of the server in ms since epoch. Unlike now(), it does not stand still in a transaction. */
export const SERVER_NOW = 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)';
