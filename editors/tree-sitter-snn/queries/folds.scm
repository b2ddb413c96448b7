[(block) (fields) (parameters) (arguments) (list) (block_comment)] @fold
