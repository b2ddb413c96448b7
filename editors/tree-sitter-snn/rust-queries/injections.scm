; Networks inside Rust: `synnet! { network ... }`. Editors add this to their own queries for Rust.

((macro_invocation
  macro: [
    (identifier) @_macro
    (scoped_identifier name: (identifier) @_macro)
  ]
  (token_tree) @injection.content)
  (#eq? @_macro "synnet")
  (#set! injection.language "snn")
  (#set! injection.include-children))
