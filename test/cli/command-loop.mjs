/** Runs commands of the built program one after the other in this process; `runCli` sends them. */

const main = new URL("../../dist/cli/main.js", import.meta.url);
const streams = ["stdout", "stderr"];
let texts = { stdout: "", stderr: "" };
for (const name of streams) {
  process[name].setMaxListeners(0);
  process[name].write = (chunk, encoding, done = encoding) => {
    texts[name] += chunk;
    if (typeof done === "function") done();
    return true;
  };
}

let runs = 0;
process.on("message", async (args) => {
  texts = { stdout: "", stderr: "" };
  process.exitCode = 0;
  process.argv.splice(1, process.argv.length, main.pathname, ...args);
  // The program runs when its module is read: another name is another reading.
  await import(`${main.href}?${runs++}`);
  process.send({ code: process.exitCode, ...texts });
});
