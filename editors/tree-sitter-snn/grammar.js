/**
 * @file The synnet language, for editors. `dsl/src/syntax/grammar.pest` is the grammar of the compiler; this one accepts
 * the same files, and leaves to the compiler what only it can judge.
 * @license MIT OR Apache-2.0
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// Precedence of operators, from the loosest to the tightest.
const PRECEDENCE = { range: 1, or: 2, and: 3, compare: 4, add: 5, multiply: 6, negate: 7, index: 8 };

/** One or more of `rule` with commas between them, and an optional one at the end. */
const list = (rule) => seq(rule, repeat(seq(',', rule)), optional(','));

module.exports = grammar({
  name: 'snn',

  externals: $ => [$.block_comment],
  extras: $ => [/[ \t\r\n\uFEFF]/, $.line_comment, $.doc_comment, $.block_comment],
  word: $ => $.name,
  supertypes: $ => [$.statement, $.expression],

  rules: {
    // A file, or what stands in the braces of `synnet! { ... }`.
    source_file: $ => choice(repeat($._item), seq('{', repeat($.setting), repeat($._item), '}')),
    _item: $ => choice($.import, $.network),
    setting: $ => seq(
      '#',
      '!',
      '[',
      field('name', $.name),
      choice(seq('=', field('value', choice($.string, $.boolean))), $.parameters),
      ']',
    ),

    import: $ => seq('use', field('library', choice($.string, $.name)), '::', field('name', $.name), ';'),

    network: $ => seq(
      'network',
      field('name', $.name),
      optional(field('parameters', $.parameters)),
      choice(seq('=', field('value', $.instantiation), ';'), field('body', $.block)),
    ),
    parameters: $ => seq('(', optional(list($.parameter)), ')'),
    parameter: $ => seq(field('name', $.name), optional(seq('=', field('default', $.expression)))),

    block: $ => seq('{', repeat($.statement), '}'),
    statement: $ => choice(
      $.step, $.input, $.output, $.let, $.neuron, $.layer, $.net, $.for, $.if, $.assert, $.chain,
    ),

    step: $ => seq('dt', ':', field('value', $.expression), ';'),
    input: $ => seq('input', field('name', $.name), ':', field('size', $.expression), ';'),
    output: $ => seq(
      'output',
      field('layer', $.name),
      optional($.index),
      optional(seq('.', field('quantity', $.name))),
      ';',
    ),
    let: $ => seq('let', field('name', $.name), '=', field('value', $.expression), ';'),
    neuron: $ => seq('neuron', field('name', $.name), '=', field('kind', $.name), optional($.fields), ';'),
    layer: $ => seq(
      'layer',
      field('name', $.name),
      optional($.index),
      ':',
      field('kind', $.name),
      '(',
      field('size', $.expression),
      ')',
      optional($.fields),
      ';',
    ),
    net: $ => seq('net', field('name', $.name), optional($.index), ':', field('value', $.instantiation), ';'),
    for: $ => seq('for', field('variable', $.name), 'in', field('values', $.expression), field('body', $.block)),
    if: $ => seq(
      'if',
      field('condition', $.expression),
      field('consequence', $.block),
      optional(seq('else', field('alternative', choice($.block, $.if)))),
    ),
    assert: $ => seq(
      'assert',
      '(',
      field('condition', $.expression),
      ',',
      field('message', $.string),
      optional(','),
      ')',
      ';',
    ),

    chain: $ => seq($._sum, repeat1(seq('->', $._sum)), ';'),
    _sum: $ => seq($.element, repeat(seq('+', $.element))),
    element: $ => seq(
      field('name', $.name),
      optional($.index),
      optional(field('arguments', $.arguments)),
      optional($.fields),
    ),

    index: $ => seq('[', $.expression, ']'),
    fields: $ => seq('{', optional(list($.field)), '}'),
    field: $ => seq(field('name', $.name), ':', field('value', $.expression)),

    instantiation: $ => seq(field('network', $.name), field('arguments', $.arguments)),
    arguments: $ => seq('(', optional(choice(seq($.argument, $.comprehension), list($.argument))), ')'),
    argument: $ => seq(optional(seq(field('name', $.name), ':')), field('value', $.expression)),

    expression: $ => choice($.learned, $._operation),
    learned: $ => seq('learn', $.expression),
    _operation: $ => choice($.binary, $.unary, $._postfix),
    binary: $ => {
      const operators = [
        ['..', PRECEDENCE.range],
        ['||', PRECEDENCE.or],
        ['&&', PRECEDENCE.and],
        [choice('==', '!=', '<', '<=', '>', '>='), PRECEDENCE.compare],
        [choice('+', '-'), PRECEDENCE.add],
        [choice('*', '/', '%'), PRECEDENCE.multiply],
      ];
      return choice(...operators.map(([operator, precedence]) => prec.left(precedence, seq(
        field('left', $._operation),
        field('operator', operator),
        field('right', $._operation),
      ))));
    },
    unary: $ => prec(PRECEDENCE.negate, seq(field('operator', choice('-', '!')), field('operand', $._operation))),
    _postfix: $ => choice($.element_of, $._primary),
    element_of: $ => prec(PRECEDENCE.index, seq(field('list', $._postfix), $.index)),
    _primary: $ => choice(
      $.quantity, $.list, $.parenthesis, $.choice, $.boolean, $.none, $.call, alias($.name, $.variable),
    ),

    quantity: $ => seq($.number, optional(alias($.name, $.unit))),
    list: $ => seq('[', optional(choice(seq($.expression, $.comprehension), list($.expression))), ']'),
    comprehension: $ => seq('for', field('variable', $.name), 'in', field('values', $.expression)),
    parenthesis: $ => seq('(', $.expression, ')'),
    choice: $ => seq(
      'if', field('condition', $.expression), $._braced,
      repeat(seq('else', 'if', field('condition', $.expression), $._braced)),
      'else', $._braced,
    ),
    _braced: $ => seq('{', field('value', $.expression), '}'),
    call: $ => seq(field('function', $.name), field('arguments', $.arguments)),
    boolean: _ => choice('true', 'false'),
    none: _ => 'none',

    name: _ => /[A-Za-z_][A-Za-z0-9_]*/,
    number: _ => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9][0-9_]*)?/,
    string: _ => /"[^"\\\n]*"/,
    // Four slashes start a plain comment.
    doc_comment: _ => token(prec(1, choice('///', /\/\/\/[^\/\n][^\n]*/))),
    line_comment: _ => /\/\/[^\n]*/,
  },
});
