// The TextMate grammars: each token of each network has a scope, and nothing stays open at the end of a file.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const oniguruma = require('vscode-oniguruma');
const { INITIAL, Registry, parseRawGrammar } = require('vscode-textmate');

const project = path.join(__dirname, '../../..');
const syntaxes = path.join(__dirname, '../syntaxes');

async function load(scope) {
  const wasm = fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm);
  const grammar = (name) => parseRawGrammar(fs.readFileSync(path.join(syntaxes, name), 'utf8'), name);
  // Of Rust's own grammar, only its name matters here.
  const grammars = {
    'source.snn': () => grammar('snn.tmLanguage.json'),
    'source.snn.rust': () => grammar('rust.tmLanguage.json'),
    'source.rust': () => ({ scopeName: 'source.rust', patterns: [], repository: {} }),
  };
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (name) => grammars[name]?.() ?? null,
    getInjections: (name) => (name === 'source.rust' ? ['source.snn.rust'] : []),
  });
  return registry.loadGrammar(scope);
}

/** Returns `[text, innermost scope]` for each token that is not blank, and how deep the rules are at the end. */
function tokenize(grammar, text) {
  const tokens = [];
  let stack = INITIAL;
  for (const line of text.split('\n')) {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      const token = line.slice(startIndex, endIndex).trim();
      if (token) tokens.push([token, scopes.at(-1)]);
    }
  }
  return { tokens, depth: stack.depth };
}

function networks(folder) {
  const files = fs.readdirSync(path.join(project, folder), { recursive: true });
  return files
    .filter((file) => file.endsWith('.snn') && !file.includes('target'))
    .map((file) => path.join(project, folder, file));
}

test('each token of each network has a scope', async () => {
  const grammar = await load('source.snn');
  const files = ['dsl/std', 'examples', 'tests/networks'].flatMap(networks);
  assert.ok(files.length > 80, `${files.length} networks`);
  for (const file of files) {
    const { tokens, depth } = tokenize(grammar, fs.readFileSync(file, 'utf8'));
    assert.deepStrictEqual(tokens.filter(([, scope]) => scope === 'source.snn'), [], file);
    assert.strictEqual(depth, 1, `${file} leaves a rule open`);
  }
});

test('scopes tell names of the language from others', async () => {
  const expected = [
    ['use', 'keyword.other'], ['std', 'entity.name.namespace'], ['SynNet', 'entity.name.type'],
    ['/// Doc.', 'comment.line.documentation'], ['network', 'keyword.other'], ['N', 'entity.name.type'],
    ['n', 'variable.parameter'], ['2', 'constant.numeric'], ['dt', 'keyword.other'], ['10', 'constant.numeric'],
    ['ms', 'keyword.other.unit'], ['input', 'keyword.other'], ['a', 'variable.other'], ['n', 'variable.other'],
    ['neuron', 'keyword.other'], ['h', 'entity.name.type'], ['lif', 'support.type'],
    ['bias', 'variable.other.property'], ['none', 'constant.language'], ['layer', 'keyword.other'],
    ['b', 'variable.other'], ['i', 'variable.other'], ['1', 'constant.numeric'], ['h', 'entity.name.type'],
    ['60', 'constant.numeric'], ['tau_mem', 'variable.other.property'], ['learn', 'keyword.other'],
    ['quantized', 'support.function'], ['tau', 'variable.other'], ['net', 'keyword.other'], ['s', 'variable.other'],
    ['SynNet', 'entity.name.type'], ['output', 'variable.parameter'], ['vmem', 'support.constant'],
    ['a', 'variable.other'], ['linear', 'support.function.chain'], ['s', 'variable.other'],
    ['output', 'keyword.other'], ['s', 'variable.other'], ['spikes', 'support.constant'],
    ...['/*', 'a', '/*', 'b', '*/', 'c', '*/'].map((token) => [token, 'comment.block']),
  ];
  const text = `use std::SynNet;
    /// Doc.
    network N(n = 2) { dt: 10 ms; input a: n; neuron h = lif { bias: none };
    layer b[i + 1]: h(60) { tau_mem: learn quantized(tau) };
    net s: SynNet(output: vmem); a -> linear -> s;
    output s.spikes; } /* a /* b */ c */`;
  const { tokens } = tokenize(await load('source.snn'), text);
  const isName = ([, scope]) => !/punctuation|operator/.test(scope);
  assert.deepStrictEqual(
    tokens.filter(isName),
    expected.map(([token, scope]) => [token, `${scope}.snn`]),
  );
});

test('networks inside Rust are highlighted up to the last brace', async () => {
  const text = 'synnet::synnet! {\n    #![weights = "w"]\n    network N { layer h: lif(2) { bias: 0 }; }\n}\nfn layer() {}';
  const { tokens } = tokenize(await load('source.rust'), text);
  const scope = (name) => tokens.filter(([token]) => token === name).map(([, scope]) => scope);
  assert.deepStrictEqual(scope('layer'), ['keyword.other.snn']);
  assert.deepStrictEqual(scope('lif'), ['support.type.snn']);
  assert.deepStrictEqual(scope('fn layer() {}'), ['source.rust']);
});
