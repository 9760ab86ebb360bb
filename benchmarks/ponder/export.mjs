// Writes every table of a PGlite database, a JSON array of rows each, into one JSON file.
import { writeFileSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";

const [directory, to] = process.argv.slice(2);
const db = new PGlite(directory);
const text = { parsers: { 20: String, 1700: String } };
const named = await db.query(
  "select table_name from information_schema.tables where table_schema = 'kiseki'" +
    " and table_type = 'BASE TABLE' and table_name not like '\\_%'",
);
const tables = {};
for (const { table_name } of named.rows) {
  tables[table_name] = (await db.query(`select * from kiseki."${table_name}"`, [], text)).rows;
}
writeFileSync(to, JSON.stringify(tables));
await db.close();
