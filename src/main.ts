/** Action or command line; arguments mean the command line also inside a workflow. Each loads only its own half. */
if (process.argv.length <= 2 && process.env.GITHUB_ACTIONS === "true") {
  const { runAction } = await import(/* webpackMode: "eager" */ "./action.ts");
  process.exitCode = await runAction();
} else {
  const { runCli } = await import(/* webpackMode: "eager" */ "./cli.ts");
  process.exitCode = await runCli();
}
