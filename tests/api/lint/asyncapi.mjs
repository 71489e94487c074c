// Parses the AsyncAPI document that is named, with AsyncAPI's own parser; prints what it finds, and fails if anything.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

// npm puts the packages that it was asked for first into PATH.
const modules = dirname(process.env.PATH.split(delimiter).find((folder) => folder.endsWith(join("node_modules", ".bin"))));
const { Parser } = createRequire(join(modules, "here.js"))("@asyncapi/parser");

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { code, message, path } of diagnostics) console.log(`${code} at ${path.join(".")}: ${message}`);
process.exitCode = document && diagnostics.length === 0 ? 0 : 1;
