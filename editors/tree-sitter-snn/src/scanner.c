// Block comments: they nest, which no regular expression can follow.

#include "tree_sitter/parser.h"

enum TokenType { BLOCK_COMMENT };

void *tree_sitter_snn_external_scanner_create(void) { return NULL; }

void tree_sitter_snn_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_snn_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_snn_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xFEFF; }

// Advances over `second` if it follows `first`, which is the next character. Advances over `first` in any case.
static bool advance_over_pair(TSLexer *lexer, int32_t second) {
  lexer->advance(lexer, false);
  if (lexer->lookahead != second) return false;
  lexer->advance(lexer, false);
  return true;
}

bool tree_sitter_snn_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  if (!valid_symbols[BLOCK_COMMENT]) return false;
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead != '/' || !advance_over_pair(lexer, '*')) return false;

  unsigned depth = 1;
  while (depth > 0 && !lexer->eof(lexer)) {
    if (lexer->lookahead == '/') {
      if (advance_over_pair(lexer, '*')) depth++;
    } else if (lexer->lookahead == '*') {
      if (advance_over_pair(lexer, '/')) depth--;
    } else {
      lexer->advance(lexer, false);
    }
  }
  if (depth > 0) return false;
  lexer->mark_end(lexer);
  lexer->result_symbol = BLOCK_COMMENT;
  return true;
}
