//! The macro where it fails: what the compiler says, and where.

#[test]
fn errors_are_at_their_tokens() {
    trybuild::TestCases::new().compile_fail("tests/fail/*.rs");
}
