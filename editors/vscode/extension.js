// Starts `autorecon lsp` and hands it what is written in .space files.
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const [command, ...args] = workspace.getConfiguration("autorecon").get("command");
  const documents = [
    { scheme: "file", language: "space" },
    { scheme: "untitled", language: "space" },
  ];
  client = new LanguageClient(
    "autorecon",
    "AutoReCon",
    { command, args },
    {
      documentSelector: documents,
      synchronize: { fileEvents: workspace.createFileSystemWatcher("**/*.space") },
    }
  );
  try {
    await client.start();
  } catch (error) {
    const advice = "pip install 'autorecon[lsp]', or set autorecon.command to where it is";
    window.showErrorMessage(`AutoReCon: cannot start \`${command}\`: ${advice}`);
  }
}

async function stop() {
  if (client && client.isRunning()) {
    await client.stop();
  }
}

async function activate(context) {
  const restart = commands.registerCommand("autorecon.restart", async () => {
    await stop();
    await start();
  });
  context.subscriptions.push(restart);
  await start();
}

module.exports = { activate, deactivate: stop };
