// The client of `snnc lsp`: starts the server, and restarts it when its path changes.

const path = require('node:path');
const { commands, window, workspace } = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

/** @type {LanguageClient | undefined} */
let client;

/** Returns the path of `snnc`: a name is looked up by the system, a relative path starts at the first folder. */
function serverPath() {
  const setting = workspace.getConfiguration('synnet').get('path') || 'snnc';
  const folder = workspace.workspaceFolders?.[0];
  const isRelative = /[\\/]/.test(setting) && !path.isAbsolute(setting);
  return isRelative && folder ? path.join(folder.uri.fsPath, setting) : setting;
}

function createClient(command) {
  const { target, chips } = workspace.getConfiguration('synnet');
  return new LanguageClient(
    'synnet',
    'synnet',
    { command, args: ['lsp'] },
    {
      // The server ignores YAML files that are not recipes.
      documentSelector: [
        { scheme: 'file', language: 'snn' },
        { scheme: 'file', language: 'yaml' },
      ],
      initializationOptions: { target, chips },
      synchronize: { configurationSection: 'synnet' },
    },
  );
}

async function start() {
  const command = serverPath();
  client = createClient(command);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const settings = 'Open Settings';
    const message = `synnet: cannot start \`${command} lsp\`: ${error.message ?? error}. Files are highlighted only.`;
    if ((await window.showErrorMessage(message, settings)) === settings) {
      await commands.executeCommand('workbench.action.openSettings', 'synnet.path');
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

/** Called by the editor when the first network is opened. */
async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand('synnet.restart', restart),
    // The client itself tells the server about the other settings.
    workspace.onDidChangeConfiguration((event) => (event.affectsConfiguration('synnet.path') ? restart() : undefined)),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
