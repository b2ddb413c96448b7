// The client starts the server with the settings of the workspace. Stand-ins take the place of the editor and of the
// library of clients.

const assert = require('node:assert');
const Module = require('node:module');
const { test } = require('node:test');

/** Loads the extension with stand-ins for the editor and for the library of clients. */
function load({ settings = {}, failure } = {}) {
  const seen = { clients: [], commands: {}, errors: [], started: 0, stopped: 0 };
  const configuration = { target: '', chips: [], ...settings };
  const vscode = {
    commands: {
      registerCommand: (name, run) => (seen.commands[name] = run),
      executeCommand: async () => {},
    },
    window: { showErrorMessage: async (message) => void seen.errors.push(message) },
    workspace: {
      workspaceFolders: [{ uri: { fsPath: '/home/user/nets' } }],
      getConfiguration: () => ({ ...configuration, get: (key) => configuration[key] }),
      onDidChangeConfiguration: (listener) => (seen.change = listener),
    },
  };
  class LanguageClient {
    constructor(id, name, server, options) {
      seen.clients.push({ server, options });
    }
    async start() {
      if (failure) throw new Error(failure);
      seen.started += 1;
    }
    async stop() {
      seen.stopped += 1;
    }
  }
  const stands = { vscode, 'vscode-languageclient/node': { LanguageClient } };
  const original = Module._load;
  Module._load = (request, ...rest) => stands[request] ?? original(request, ...rest);
  try {
    const file = require.resolve('../extension.js');
    delete require.cache[file];
    return { extension: require(file), seen };
  } finally {
    Module._load = original;
  }
}

const context = () => ({ subscriptions: [] });

test('the server gets the settings of the workspace', async () => {
  const { extension, seen } = load({ settings: { target: 'xylo-audio3', chips: ['mine.yaml'] } });
  await extension.activate(context());
  const [{ server, options }] = seen.clients;
  assert.deepStrictEqual(server, { command: 'snnc', args: ['lsp'] });
  assert.deepStrictEqual(options.initializationOptions, { target: 'xylo-audio3', chips: ['mine.yaml'] });
  assert.deepStrictEqual(options.documentSelector.map(({ language }) => language), ['snn', 'yaml']);
  assert.strictEqual(options.synchronize.configurationSection, 'synnet');
});

test('a relative path of the server starts at the folder of the workspace', async () => {
  for (const [setting, command] of [
    ['target/debug/snnc', '/home/user/nets/target/debug/snnc'],
    ['/opt/snnc', '/opt/snnc'],
    ['snnc-next', 'snnc-next'],
    ['', 'snnc'],
  ]) {
    const { extension, seen } = load({ settings: { path: setting } });
    await extension.activate(context());
    assert.strictEqual(seen.clients[0].server.command, command);
  }
});

test('the server restarts on command, and when its path changes', async () => {
  const { extension, seen } = load();
  await extension.activate(context());
  await seen.change({ affectsConfiguration: (key) => key === 'synnet.target' });
  assert.deepStrictEqual([seen.started, seen.stopped], [1, 0]);
  await seen.change({ affectsConfiguration: (key) => key === 'synnet.path' });
  assert.deepStrictEqual([seen.started, seen.stopped], [2, 1]);
  await seen.commands['synnet.restart']();
  assert.deepStrictEqual([seen.started, seen.stopped], [3, 2]);
  await extension.deactivate();
  assert.deepStrictEqual([seen.started, seen.stopped], [3, 3]);
});

test('a server that does not start is reported with its command', async () => {
  const { extension, seen } = load({ failure: 'spawn snnc ENOENT' });
  await extension.activate(context());
  assert.strictEqual(seen.errors.length, 1);
  assert.match(seen.errors[0], /cannot start `snnc lsp`: spawn snnc ENOENT/);
  await extension.deactivate();
  assert.strictEqual(seen.stopped, 0);
});
