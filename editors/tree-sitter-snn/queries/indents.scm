[(block) (fields) (parameters) (arguments) (list) (choice)] @indent
["}" ")" "]"] @outdent
