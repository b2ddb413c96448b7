; Layers and the input belong to the network; values, to the block.

[(network) (block) (list)] @local.scope

(parameter name: (name) @local.definition)
(input name: (name) @local.definition)
(let name: (name) @local.definition)
(neuron name: (name) @local.definition)
(layer name: (name) @local.definition)
(net name: (name) @local.definition)
(for variable: (name) @local.definition)
(comprehension variable: (name) @local.definition)

(variable) @local.reference
(element name: (name) @local.reference)
(output layer: (name) @local.reference)
(_ kind: (name) @local.reference)
