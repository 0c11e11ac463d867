// The closing line of script/test, from jest's own results. A file that could not run counts as a failed test.
import { existsSync, readFileSync } from "node:fs";

const results = process.argv
  .slice(2)
  .map((file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined));
const sum = (count) => results.reduce((total, result) => total + (result ? count(result) : 0), 0);
const passed = sum((result) => result.numPassedTests);
const failed =
  sum((result) => result.numFailedTests + result.numRuntimeErrorTestSuites) +
  results.filter((result) => !result).length;
const skipped = sum((result) => result.numPendingTests + result.numTodoTests);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
