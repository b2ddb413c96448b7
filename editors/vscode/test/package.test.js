// `vsce` packs the extension: what the manifest names is in it, and the library of clients with what it needs.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const folder = path.join(__dirname, '..');
const manifest = require('../package.json');

/** Returns the names in the central directory of a ZIP archive. */
function names(archive) {
  const found = [];
  const signature = Buffer.from([0x50, 0x4b, 0x01, 0x02]);
  for (let at = archive.indexOf(signature); at >= 0; at = archive.indexOf(signature, at + 46)) {
    const length = archive.readUInt16LE(at + 28);
    found.push(archive.toString('utf8', at + 46, at + 46 + length));
  }
  return found;
}

test('vsce packs the extension', () => {
  const vsix = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'synnet-')), 'synnet.vsix');
  const options = ['package', '--skip-license', '--no-rewrite-relative-links', '--out', vsix];
  execFileSync(process.execPath, [require.resolve('@vscode/vsce/vsce'), ...options], { cwd: folder, stdio: 'pipe' });
  const packed = names(fs.readFileSync(vsix));
  const { grammars, languages } = manifest.contributes;
  const named = [manifest.main, languages[0].configuration, ...grammars.map((grammar) => grammar.path)];
  for (const file of [...named, 'package.json', 'README.md', 'node_modules/vscode-languageclient/node.js']) {
    const name = path.posix.join('extension', file);
    // `vsce` gives the readme and the license lower-case names.
    assert.ok(packed.includes(name) || packed.includes(name.replace('README', 'readme')), `${name} is not packed`);
  }
  const unwanted = packed.filter((name) => /extension\/test\/|vscode-textmate|@vscode\/vsce|package-lock/.test(name));
  assert.deepStrictEqual(unwanted, []);
});
