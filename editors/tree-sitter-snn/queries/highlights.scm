; Names of the language. A test compares these lists with the tables of the compiler.

[
  "assert"
  "dt"
  "else"
  "for"
  "if"
  "in"
  "input"
  "layer"
  "learn"
  "let"
  "net"
  "network"
  "neuron"
  "output"
  "use"
] @keyword

["true" "false"] @constant.builtin.boolean
(none) @constant.builtin

((unit) @constant.builtin
  (#any-of? @constant.builtin "s" "ms" "us" "ns" "Hz" "kHz" "MHz"))

(call function: (name) @function.builtin
  (#any-of? @function.builtin
    "sqrt" "exp" "ln" "log2" "abs" "floor" "ceil" "round" "min" "max" "len" "sum" "is_list" "repeat" "geometric"
    "quantized" "uniform" "normal" "constant"))

(element name: (name) @function.builtin
  (#any-of? @function.builtin "linear" "dropout" "delay"))
(element name: (name) @variable
  (#not-any-of? @variable "linear" "dropout" "delay"))

(_ kind: (name) @type.builtin
  (#any-of? @type.builtin "lif" "alif" "expsyn"))
(_ kind: (name) @type
  (#not-any-of? @type "lif" "alif" "expsyn"))

((variable) @constant.builtin
  (#any-of? @constant.builtin "dt" "spikes" "vmem" "isyn" "periodic_exponential" "piecewise_linear"
    "fast_sigmoid" "arctangent" "triangle" "boxcar" "subtract" "zero"))
((variable) @variable
  (#not-any-of? @variable "dt" "spikes" "vmem" "isyn" "periodic_exponential" "piecewise_linear"
    "fast_sigmoid" "arctangent" "triangle" "boxcar" "subtract" "zero"))

(output quantity: (name) @constant.builtin)

; Names of the source.

(network name: (name) @type)
(import name: (name) @type)
(import library: (name) @namespace)
(instantiation network: (name) @type)
(neuron name: (name) @type)

(setting name: (name) @attribute)
(parameter name: (name) @variable.parameter)
(argument name: (name) @variable.parameter)
(field name: (name) @variable.other.member)

(input name: (name) @variable)
(output layer: (name) @variable)
(let name: (name) @variable)
(layer name: (name) @variable)
(net name: (name) @variable)
(for variable: (name) @variable)
(comprehension variable: (name) @variable)

; Literals, comments, punctuation.

(number) @constant.numeric
(string) @string
[(line_comment) (block_comment)] @comment
(doc_comment) @comment.documentation

["->" "=" ".." "||" "&&" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "%" "!" "#"] @operator
["(" ")" "[" "]" "{" "}"] @punctuation.bracket
[";" ":" "," "." "::"] @punctuation.delimiter
